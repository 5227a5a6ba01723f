//! `voice-ai tools`: what a secretary's engine is offered, and one tool of it tried.

use crate::config::{BAD_CONFIG, print};
use crate::table::Table;
use crate::tenant::Tenant;
use anyhow::{Context as _, bail};
use gateway::{Toolbox, TrialError};
use secretary::{Secretary, suggestion};
use serde_json::{Value, json};
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long MCP servers are waited for: one that is installed at its first start takes long.
const PATIENCE: Duration = Duration::from_secs(60);
/// As much of a description as a row shows.
const SHOWN: usize = 80;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the tools that a secretary's engine is offered, those of its MCP servers among them.
    List(ListArguments),
    /// Use a tool beyond the PBX as a call would, and print what the engine would be told.
    #[command(
        after_help = "Exit codes: 0 it did what was asked, 1 it did not, 2 the configuration has faults."
    )]
    Test(TestArguments),
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    of: Of,
    /// Print JSON: an array of objects, with the schemas of the arguments.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct TestArguments {
    /// The tool, by the name in the list.
    name: String,
    /// Its arguments, a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = object)]
    arguments: Value,
    #[command(flatten)]
    of: Of,
}

/// Whose tools.
#[derive(clap::Args)]
struct Of {
    /// The secretary [default: the one that answers where none is named].
    #[arg(long, value_name = "NAME")]
    secretary: Option<String>,
    #[command(flatten)]
    tenant: Tenant,
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("write an object, such as '{\"cpf\": \"12345678909\"}'".into()),
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    match arguments.command {
        Command::List(list) => runtime.block_on(listed(&list)),
        Command::Test(test) => runtime.block_on(tried(test)),
    }
}

impl Of {
    /// The tools; none where the configuration has faults, which are printed.
    async fn open(&self) -> anyhow::Result<Option<Toolbox>> {
        let Some(config) = self.tenant.source.read() else {
            return Ok(None);
        };
        let entry = self.tenant.choose(&config)?;
        let Ok(snapshot) = config.snapshot() else {
            print(["the secretaries have faults; `voice-ai secretaries check` tells what"]);
            return Ok(None);
        };
        let domain = snapshot
            .domain(entry.uuid)
            .context("the domain has no secretaries")?;
        let secretary: &Arc<Secretary> = match (domain.secretary(self.secretary.as_deref()), &self.secretary)
        {
            (Some(secretary), _) => secretary,
            (None, named) => {
                let names: Vec<&str> = domain.secretaries.keys().map(String::as_str).collect();
                let named = named.as_deref().unwrap_or(&domain.default_secretary);
                bail!(
                    "domain {} has no secretary {named:?}; {}",
                    domain.name,
                    suggestion(named, &names)
                )
            }
        };
        match Toolbox::open(&config, secretary, PATIENCE).await {
            Ok(toolbox) => Ok(Some(toolbox)),
            Err(wrong) => {
                print([wrong]);
                Ok(None)
            }
        }
    }
}

async fn listed(list: &ListArguments) -> anyhow::Result<ExitCode> {
    let Some(toolbox) = list.of.open().await? else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let mut out = stdout().lock();
    if list.json {
        let tools = toolbox.tools().into_iter().map(|tool| {
            json!({"name": tool.name, "place": tool.place, "description": tool.description, "arguments": tool.arguments})
        });
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&tools.collect::<Vec<_>>())?
        )?;
    } else {
        let mut table = Table::new(&["NAME", "PLACE", "WHAT IT DOES"]);
        for tool in toolbox.tools() {
            let what = tool.description.lines().next().unwrap_or_default();
            table.row([tool.name, tool.place, what.chars().take(SHOWN).collect()]);
        }
        table.print(&mut out)?;
    }
    print(lacking(&toolbox));
    Ok(ExitCode::SUCCESS)
}

async fn tried(test: TestArguments) -> anyhow::Result<ExitCode> {
    let Some(toolbox) = test.of.open().await? else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let began = Instant::now();
    let answered = toolbox.try_out(&test.name, test.arguments).await;
    let took = began.elapsed().as_millis();
    match answered {
        Ok(told) => {
            writeln!(stdout().lock(), "{told}")?;
            eprintln!("{} answered in {took} ms", test.name);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            if let TrialError::Failed(told) = &error {
                writeln!(stdout().lock(), "{told}")?;
            }
            print([error.to_string()]);
            print(lacking(&toolbox));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn lacking(toolbox: &Toolbox) -> Vec<String> {
    let lacking = toolbox.lacking().into_iter();
    lacking
        .map(|(name, why)| format!("the MCP server {name} does not answer: {why}"))
        .collect()
}
