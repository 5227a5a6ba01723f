//! `voice-ai replay`: an event log fed into a fresh call, and what happened in it.

mod account;
mod picture;
mod print;

use anyhow::Context as _;
use print::Printer;
use recording::{Build, Header, Line, Log, Replay, Verdict, What};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::Instant;

/// The fresh call did something else than the log says.
const PARTED: u8 = 3;
/// The file is no event log that this build reads.
const NO_LOG: u8 = 4;
/// The log has a hole, behind which nothing can be compared.
const HOLE: u8 = 5;

#[derive(clap::Args)]
#[command(after_help = "\
An event log lies below recordings/ in the data folder, in the folder of its domain and day. What was masked in it stays masked.

  voice-ai replay call.jsonl
  voice-ai replay call.jsonl --picture call.svg

Exit codes: 0 the same to the letter, as far as the log goes; 1 something failed here; 2 wrong arguments; 3 the fresh call parts
from the log; 4 no event log, or one of a later format; 5 lines are missing in the log.")]
pub(crate) struct Arguments {
    /// The event log of a call.
    file: PathBuf,
    /// Draw the call as SVG: with the waves of the recording beside the log, or without one with who spoke when.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Write the log as this build makes it of the same inputs, to compare the two.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tell the call at so many times its own pace; without, at once.
    #[arg(long, value_name = "N", value_parser = speed)]
    speed: Option<f64>,
    /// One JSON object a line; the last is the summary.
    #[arg(long)]
    json: bool,
}

/// Slower than this nobody watches, and times grow beyond what a clock tells.
const SLOWEST: f64 = 0.001;

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if speed >= SLOWEST && f64::is_finite(speed) => Ok(speed),
        _ => Err(format!(
            "give a number of {SLOWEST} or more, such as 1 for its own pace or 10 for ten times that"
        )),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments alike"
)]
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let file = arguments.file.display();
    let text = std::fs::read(&arguments.file).with_context(|| format!("cannot read {file}"))?;
    let log = match Log::parse(&String::from_utf8_lossy(&text)) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("voice-ai: {file}: {error}");
            return Ok(ExitCode::from(NO_LOG));
        }
    };
    let replay = recording::replay(&log);
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?
        .block_on(tell(&arguments, &log, &replay));
    if let Some(path) = &arguments.out {
        std::fs::write(path, afresh(&log.header, &replay)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &arguments.picture {
        let svg = picture::draw(&log, &arguments.file)?;
        std::fs::write(path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(exit_code(&replay.verdict))
}

/// Prints what happened, at once or in its own time.
async fn tell(arguments: &Arguments, log: &Log, replay: &Replay) {
    let printer = Printer::new(arguments.json);
    printer.header(&log.header);
    let begun = Instant::now();
    for numbered in &log.lines {
        if let Some(speed) = arguments.speed {
            let at = Duration::from_nanos(numbered.line.at).div_f64(speed);
            tokio::time::sleep_until(begun + at).await;
        }
        printer.line(&numbered.line);
    }
    printer.summary(log, replay, &build());
}

fn exit_code(verdict: &Verdict) -> ExitCode {
    match verdict {
        Verdict::Same | Verdict::SameSoFar => ExitCode::SUCCESS,
        Verdict::Parted(_) => ExitCode::from(PARTED),
        Verdict::Hole { .. } => ExitCode::from(HOLE),
    }
}

/// What this program calls itself in a log.
fn build() -> Build {
    Build {
        name: "voice-ai".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// The log as this build makes it.
fn afresh(header: &Header, replay: &Replay) -> anyhow::Result<String> {
    let header = Header {
        build: build(),
        ..header.clone()
    };
    let mut text = serde_json::to_string(&header)?;
    for (at, what) in &replay.afresh {
        let line = Line {
            at: *at,
            what: what.clone(),
        };
        write!(text, "\n{}", serde_json::to_string(&line)?)?;
    }
    let end = Line {
        at: replay.afresh.last().map_or(0, |(at, _)| *at),
        what: What::End(recording::End::of(replay.afresh.iter().map(|(_, what)| what))),
    };
    writeln!(text, "\n{}", serde_json::to_string(&end)?)?;
    Ok(text)
}
