//! `voice-ai recordings`: the sound files of calls.

use crate::config::{BAD_CONFIG, Source};
use recording::Mended;
use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Mend the recordings of a process that died, as the service does when it starts. What a call is writing is left alone.
    ///
    /// Exit codes: 0 what there was is mended; 1 something could not be; 2 wrong arguments or configuration.
    Repair(Repair),
}

#[derive(clap::Args)]
struct Repair {
    /// The data folder [default: data.dir of the configuration].
    dir: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Command::Repair(Repair { dir, source }) = arguments.command;
    let data = match dir {
        Some(dir) => dir,
        None => match source.read() {
            Some(config) => config.data.dir,
            None => return Ok(ExitCode::from(BAD_CONFIG)),
        },
    };
    repair(&data)
}

fn repair(data: &std::path::Path) -> anyhow::Result<ExitCode> {
    let mut failed = false;
    let repaired = recording::repair(data)?;
    if repaired.is_empty() {
        writeln!(
            stdout(),
            "nothing to mend below {}",
            data.join("recordings").display()
        )?;
    }
    for one in repaired {
        let path = one.path.display();
        match one.mended {
            Ok(Mended::Header { ms }) => writeln!(stdout(), "mended   {path}: {:.1} s", ms as f64 / 1_000.0)?,
            Ok(Mended::Removed) => writeln!(stdout(), "removed  {path}: nothing was recorded")?,
            Ok(Mended::InUse) => writeln!(stdout(), "left     {path}: a call is writing it")?,
            Err(error) => {
                failed = true;
                eprintln!("voice-ai: {path}: {error}");
            }
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
