//! `voice-ai secretaries`: those of one domain; what is wrong with their files; a new one.

mod new;
mod questions;

use crate::config::{BAD_CONFIG, Source, print};
use crate::table::{NOTHING, Table, printable};
use crate::tenant::Tenant;
use anyhow::{Context as _, bail};
use gateway::Gateway;
use secretary::{Domain, Folder, Secretary, Tool, suggestion};
use serde_json::json;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the secretaries of a domain; `*` stands before the one that answers where none is named.
    List(ListArguments),
    /// Show one secretary of a domain.
    Show(ShowArguments),
    /// Print "ok" or everything that is wrong, with file, line and remedy.
    #[command(after_help = "Exit codes: 0 nothing is wrong, 1 failed, 2 something is wrong.")]
    Check(CheckArguments),
    /// Ask a few questions, and write a secretary's file and script.
    #[command(after_help = new::HELP)]
    New(new::Arguments),
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    tenant: Tenant,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct ShowArguments {
    /// Its name.
    name: String,
    #[command(flatten)]
    tenant: Tenant,
    /// Print JSON: one object.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct CheckArguments {
    /// A secretary's file, or a folder of them [default: secretaries.dir of the configuration, all domains].
    path: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::List(list) => of_domain(&list.tenant, |domain, to| listed(domain, list.json, to)),
        Command::Show(show) => of_domain(&show.tenant, |domain, to| shown(domain, &show, to)),
        Command::Check(check) => checked(&check),
        Command::New(new) => new::run(&new),
    }
}

/// Does something with one domain. Exit code 2 where the configuration or a file is wrong.
fn of_domain(
    tenant: &Tenant,
    work: impl FnOnce(&Domain, &mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let Some(config) = tenant.source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let entry = tenant.choose(&config)?;
    let snapshot = match config.snapshot() {
        Ok(snapshot) => snapshot,
        // Not which: the files of other domains are none of this one's business.
        Err(wrong) => {
            let remedy = "`voice-ai secretaries check` tells what";
            print([format!("the secretaries have faults ({}); {remedy}", wrong.len())]);
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    let domain = snapshot
        .domain(entry.uuid)
        .context("the domain has no secretaries")?;
    work(domain, &mut std::io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

fn listed(domain: &Domain, as_json: bool, to: &mut dyn Write) -> anyhow::Result<()> {
    if as_json {
        let all: Vec<_> = domain
            .secretaries
            .values()
            .map(|one| object(domain, one))
            .collect();
        writeln!(to, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    let mut table = Table::new(&[
        "  NAME",
        "LANGUAGE",
        "ENGINE",
        "BRAIN",
        "DESTINATIONS",
        "RECORDING",
    ]);
    for secretary in domain.secretaries.values() {
        let mark = if is_default(domain, secretary) { '*' } else { ' ' };
        table.row([
            format!("{mark} {}", secretary.name),
            secretary.language.to_string(),
            secretary.engines.to_string(),
            brain(secretary),
            secretary.destinations.len().to_string(),
            recording(secretary)?,
        ]);
    }
    table.print(&mut &mut *to)?;
    Ok(())
}

fn shown(domain: &Domain, show: &ShowArguments, to: &mut dyn Write) -> anyhow::Result<()> {
    let Some(secretary) = domain.secretary(Some(&show.name)) else {
        let names: Vec<&str> = domain.secretaries.keys().map(String::as_str).collect();
        let remedy = suggestion(&show.name, &names);
        bail!(
            "domain {} has no secretary {:?}; {remedy}",
            domain.name,
            show.name
        );
    };
    if show.json {
        writeln!(
            to,
            "{}",
            serde_json::to_string_pretty(&object(domain, secretary))?
        )?;
        return Ok(());
    }
    for (name, value) in lines(domain, secretary)? {
        writeln!(to, "{name:<12}  {}", printable(&value))?;
    }
    if secretary.destinations.is_empty() {
        return Ok(());
    }
    writeln!(to)?;
    let mut table = Table::new(&["DESTINATION", "KIND", "NUMBER", "ALSO"]);
    for one in &secretary.destinations {
        let kind = serde_json::to_value(one.kind)?;
        table.row([
            one.name.clone(),
            kind.as_str().unwrap_or_default().to_owned(),
            one.number.clone(),
            or_nothing(&one.aliases.join(", ")),
        ]);
    }
    table.print(&mut &mut *to)?;
    Ok(())
}

fn lines(domain: &Domain, secretary: &Secretary) -> anyhow::Result<Vec<(&'static str, String)>> {
    let limits = &secretary.limits;
    let default = if is_default(domain, secretary) {
        " (answers where none is named)"
    } else {
        ""
    };
    let hours = secretary.hours.as_ref();
    Ok(vec![
        ("name", format!("{}{default}", secretary.name)),
        (
            "uuid",
            secretary.uuid.map_or(NOTHING.into(), |uuid| uuid.to_string()),
        ),
        ("domain", format!("{} ({})", domain.name, domain.uuid)),
        ("language", secretary.language.to_string()),
        ("voice", or_nothing(&secretary.voice)),
        ("engine", secretary.engines.to_string()),
        ("brain", brain(secretary)),
        ("script", or_nothing(&secretary.script)),
        ("greeting", or_nothing(&secretary.greeting.text)),
        ("persona", or_nothing(&secretary.persona)),
        (
            "facts",
            or_nothing(&secretary.facts.keys().cloned().collect::<Vec<_>>().join(", ")),
        ),
        (
            "hours",
            hours.map_or("always open".into(), |hours| {
                format!("by the clock of {}", hours.timezone)
            }),
        ),
        (
            "tools",
            secretary
                .tools
                .iter()
                .copied()
                .map(Tool::name)
                .collect::<Vec<_>>()
                .join(", "),
        ),
        ("fallback", secretary.fallback.clone().unwrap_or(NOTHING.into())),
        ("recording", recording(secretary)?),
        (
            "transcript",
            if secretary.privacy.transcript {
                "kept"
            } else {
                "not kept"
            }
            .into(),
        ),
        ("sensitive", or_nothing(&secretary.privacy.sensitive.join(", "))),
        (
            "limits",
            format!(
                "silence {} ms, call {} ms, answer {} ms, tool {} ms",
                limits.silence_ms, limits.total_ms, limits.answer_ms, limits.tool_ms
            ),
        ),
    ])
}

fn object(domain: &Domain, secretary: &Arc<Secretary>) -> serde_json::Value {
    let mut object = json!(**secretary);
    object["domain"] = json!({ "name": domain.name, "uuid": domain.uuid });
    object["default"] = json!(is_default(domain, secretary));
    object
}

fn is_default(domain: &Domain, secretary: &Secretary) -> bool {
    secretary.name == domain.default_secretary
}

/// What thinks for an engine that has no brain of its own.
fn brain(secretary: &Secretary) -> String {
    secretary.brain.clone()
}

fn recording(secretary: &Secretary) -> anyhow::Result<String> {
    let recording = serde_json::to_value(secretary.privacy.recording)?;
    Ok(recording.as_str().unwrap_or_default().to_owned())
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() {
        NOTHING.into()
    } else {
        text.to_owned()
    }
}

fn checked(arguments: &CheckArguments) -> anyhow::Result<ExitCode> {
    let Some(config) = arguments.source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let result = match &arguments.path {
        None => Gateway::check(&config),
        Some(path) if path.is_dir() => Gateway::check_secretaries(&config, &Folder::read(path)),
        Some(path) => Gateway::check_secretaries(&config, &Folder::of_file(path)),
    };
    if let Err(wrong) = result {
        print(wrong);
        return Ok(ExitCode::from(BAD_CONFIG));
    }
    writeln!(stdout(), "ok")?;
    Ok(ExitCode::SUCCESS)
}
