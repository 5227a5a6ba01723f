//! `voice-ai pbx`: the FreeSWITCHes of the running service.

use crate::client::{Service, block_on};
use crate::config::{BAD_CONFIG, Source};
use crate::table::printable;
use clap::Subcommand;
use gateway::api::{PbxState, PbxStatus};
use std::io::{self, Write, stdout};
use std::process::ExitCode;

/// The exit code where a FreeSWITCH is not connected.
const NOT_CONNECTED: u8 = 3;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tell how the connection to each FreeSWITCH is, and what would help where there is none.
    ///
    /// Exit codes: 0 all are connected; 1 the service could not be asked; 2 wrong arguments or configuration; 3 one is not connected.
    Status(Status),
}

#[derive(clap::Args)]
struct Status {
    #[command(flatten)]
    source: Source,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Command::Status(Status { source, json }) = arguments.command;
    let Some(config) = source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let service = Service::of(&config)?;
    let all: Vec<PbxStatus> = block_on(service.get("/pbx"))?;
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
    } else if all.is_empty() {
        writeln!(
            out,
            "no FreeSWITCH is configured; calls come by streams alone, and nobody can be asked about them ([[pbx]])"
        )?;
    } else {
        for (index, one) in all.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            print(&mut out, one)?;
        }
    }
    Ok(if all.iter().all(|one| one.state == PbxState::Up) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_CONNECTED)
    })
}

fn print(to: &mut impl Write, one: &PbxStatus) -> io::Result<()> {
    let mut line = |name: &str, text: &str| writeln!(to, "{name:12}{}", printable(text));
    line("FreeSWITCH", &format!("{} at {}", one.name, one.address))?;
    line("state", state(one.state))?;
    match one.state {
        PbxState::Up => line("version", &one.detail)?,
        _ => line("why", &one.detail)?,
    }
    if let Some(remedy) = &one.remedy {
        line("remedy", remedy)?;
    }
    line("calls", &calls(one))?;
    if let Some(us) = one.round_trip_us {
        line("answers in", &format!("{}.{:03} ms", us / 1_000, us % 1_000))?;
    }
    line(
        "so far",
        &format!("{} reconnects, {} failed commands", one.reconnects, one.failures),
    )?;
    for (index, module) in one.modules.iter().enumerate() {
        let loaded = if module.loaded { "loaded" } else { "not loaded" };
        let name = if index == 0 { "modules" } else { "" };
        line(
            name,
            &format!("{:17} {loaded:11} {}", module.name, module.needed_for),
        )?;
    }
    Ok(())
}

const fn state(state: PbxState) -> &'static str {
    match state {
        PbxState::Connecting => "connecting",
        PbxState::Up => "up",
        PbxState::WrongPassword => "wrong password",
        PbxState::Refused => "refused",
        PbxState::Unreachable => "unreachable",
        PbxState::Lost => "lost",
    }
}

fn calls(one: &PbxStatus) -> String {
    match one.builds.as_slice() {
        [] => one.calls.to_string(),
        builds => format!("{} (mod_audio_stream: {})", one.calls, builds.join(", ")),
    }
}
