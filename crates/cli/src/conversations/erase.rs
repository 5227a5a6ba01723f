//! `voice-ai conversations erase`: what is kept of a caller goes, rows and files.

use crate::table::now;
use crate::tenant::{Place, Tenant};
use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use std::io::{BufRead as _, IsTerminal as _, Write as _, stdin, stdout};
use std::path::{Component, Path};
use std::process::ExitCode;
use store::Erased;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The caller's number as calls claimed it; only digits count.
    #[arg(long, value_name = "NUMBER")]
    caller: String,
    #[command(flatten)]
    tenant: Tenant,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Print JSON: what went.
    #[arg(long)]
    json: bool,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments alike"
)]
pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    arguments
        .tenant
        .open(async |place| erase(&arguments, place).await)
}

async fn erase(arguments: &Arguments, place: &Place) -> anyhow::Result<ExitCode> {
    let domain = place.domain.uuid;
    let data = &place.config.data.dir;
    let erasable = place.store.erasable(domain, &arguments.caller, now()).await?;
    if !arguments.yes && erasable.conversations > 0 {
        writeln!(stdout(), "of {}: {}", place.domain.name, counted(&erasable))?;
        if !confirmed()? {
            writeln!(stdout(), "nothing was erased")?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    // Files go first: while their rows are there, whatever interrupts this can be done again.
    remove(data, &files(place, &erasable)?)?;
    let erased = place.store.erase(domain, &arguments.caller, now()).await?;
    // A call that ended meanwhile brought files of its own.
    remove(data, &files(place, &erased)?)?;
    report(arguments, place, &erased)?;
    Ok(ExitCode::SUCCESS)
}

/// The files that rows name, and those of conversations whose process died before it could name them.
fn files(place: &Place, erased: &Erased) -> anyhow::Result<Vec<String>> {
    let mut files = erased.files.clone();
    for unfinished in &erased.unfinished {
        let began = Timestamp::from_millisecond(unfinished.at.0)?;
        // The folder is named for the day on which the first file was opened, a moment later.
        for day in [began, began.checked_add(SignedDuration::from_secs(10))?] {
            let name = unfinished.conversation.to_string();
            let lies = recording::Place::new(place.domain.uuid, day, &name);
            files.extend(["wav", "jsonl"].map(|extension| lies.relative(extension)));
        }
    }
    Ok(files)
}

fn confirmed() -> anyhow::Result<bool> {
    if !stdin().is_terminal() {
        bail!("nobody can be asked whether to erase this; say it with --yes");
    }
    print!("erase it for ever? [y/N] ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "s" | "sim"))
}

fn report(arguments: &Arguments, place: &Place, erased: &Erased) -> anyhow::Result<()> {
    if arguments.json {
        writeln!(stdout(), "{}", serde_json::to_string_pretty(erased)?)?;
    } else if erased.conversations == 0 {
        writeln!(
            stdout(),
            "{} has nothing to erase of this caller",
            place.domain.name
        )?;
    } else {
        writeln!(stdout(), "erased of {}: {}", place.domain.name, counted(erased))?;
    }
    if erased.running > 0 {
        eprintln!(
            "voice-ai: {} of this caller may still go on and stayed: erase again when it is over (a day later, if its process died)",
            plural(erased.running, "conversation")
        );
    }
    Ok(())
}

fn counted(erased: &Erased) -> String {
    format!(
        "{}, {}, {}, {}, {}",
        plural(erased.conversations, "conversation"),
        plural(erased.turns, "turn"),
        plural(erased.messages, "message"),
        plural(erased.deliveries, "webhook"),
        plural(erased.files.len() as u64, "file"),
    )
}

fn plural(count: u64, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// Removes files below the data folder, in whatever form they are.
fn remove(data: &Path, files: &[String]) -> anyhow::Result<()> {
    let is_inside = |file: &&String| {
        Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
    };
    if let Some(file) = files.iter().find(|file| !is_inside(file)) {
        bail!(
            "the store names a file {file:?}, which does not lie below {}; nothing was erased",
            data.display()
        );
    }
    for file in files {
        for path in recording::every_form(&data.join(file)) {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    bail!(
                        "{} cannot be removed: {error}; run this as the user of the service",
                        path.display()
                    );
                }
                _ => {}
            }
        }
    }
    Ok(())
}
