//! `voice-ai`: the command of voice-ai-ivr. Arguments, printing and exit codes; what is done is done in the crates.
#![forbid(unsafe_code)]

mod bench;
mod cache;
mod call;
mod calls;
mod carrying;
mod client;
mod config;
mod conversations;
mod dialplan;
mod doctor;
mod engines;
mod explain;
mod history;
mod lang;
mod logging;
mod messages;
mod models;
mod outbox;
mod pbx;
mod recordings;
mod repair;
mod replay;
mod route;
mod secretaries;
mod serve;
mod setup;
mod site;
mod stt_worker;
mod table;
mod tenant;
mod test_call;
mod tools;
mod uninstall;

use clap::{Parser, Subcommand};
use std::io;
use std::process::ExitCode;

/// A voice AI behind a phone number on FreeSWITCH and FusionPBX.
#[derive(Parser)]
#[command(name = "voice-ai", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server between FreeSWITCH and the voice engine.
    Serve(serve::Arguments),
    /// Check a configuration.
    Config(config::Arguments),
    /// List, show, end and send on the calls that live now.
    Calls(calls::Arguments),
    /// Tell how the FreeSWITCHes of the running service are.
    Pbx(pbx::Arguments),
    /// Have an extension of FusionPBX answered: dialplan, script, module, service, configuration.
    Setup(setup::Arguments),
    /// Take back what `setup` has made of FusionPBX.
    Uninstall(uninstall::Arguments),
    /// Add, list, show, bring in step and remove the rows that lead calls to secretaries.
    Dialplan(dialplan::Arguments),
    /// Check the integration with FusionPBX, from the machine to the service; change nothing.
    Doctor(doctor::Arguments),
    /// Call an extension through the dialplan, and tell at which station the call stopped.
    TestCall(test_call::Arguments),
    /// Mend what `doctor` finds, with a backup first; take it back.
    Repair(repair::Arguments),
    /// Clear FusionPBX's cache of dialplans, precisely.
    Cache(cache::Arguments),
    /// Explain a check of `doctor`.
    Explain(explain::Arguments),
    /// List the engines and what they lack; try one in earnest.
    Engines(engines::Arguments),
    /// List, install and verify the models of the local engine.
    Models(models::Arguments),
    /// List, show, check and write secretaries.
    Secretaries(secretaries::Arguments),
    /// List and try the tools of a secretary.
    Tools(tools::Arguments),
    /// List, show, export and erase what was said.
    Conversations(conversations::Arguments),
    /// List and show what callers left.
    Messages(messages::Arguments),
    /// List, show and retry what webhooks are told.
    Outbox(outbox::Arguments),
    /// Feed a call's event log into a fresh call: does it do the same, and what happened?
    Replay(replay::Arguments),
    /// Mend recordings of a process that died.
    Recordings(recordings::Arguments),
    /// Call the server as FreeSWITCH would, and measure what the caller hears.
    Call(call::Arguments),
    /// Measure the server.
    Bench(bench::Arguments),
    /// Turn speech into text for a parent process, over standard input and output.
    #[command(hide = true)]
    SttWorker(stt_worker::Arguments),
}

fn main() -> ExitCode {
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("voice-ai: a TLS provider was installed before main");
        return ExitCode::FAILURE;
    }
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Config(arguments) => config::run(arguments),
        Command::Calls(arguments) => calls::run(arguments),
        Command::Pbx(arguments) => pbx::run(arguments),
        Command::Setup(arguments) => setup::run(&arguments),
        Command::Uninstall(arguments) => uninstall::run(&arguments),
        Command::Dialplan(arguments) => dialplan::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::TestCall(arguments) => test_call::run(&arguments),
        Command::Repair(arguments) => repair::run(&arguments),
        Command::Cache(arguments) => cache::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Engines(arguments) => engines::run(arguments),
        Command::Models(arguments) => models::run(arguments),
        Command::Secretaries(arguments) => secretaries::run(arguments),
        Command::Tools(arguments) => tools::run(arguments),
        Command::Conversations(arguments) => conversations::run(arguments),
        Command::Messages(arguments) => messages::run(arguments),
        Command::Outbox(arguments) => outbox::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Recordings(arguments) => recordings::run(arguments),
        Command::Call(arguments) => call::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::SttWorker(arguments) => stt_worker::run(arguments),
    };
    result.unwrap_or_else(|error| {
        if is_unread(&error) {
            return ExitCode::from(UNREAD);
        }
        eprintln!("voice-ai: {error:#}");
        ExitCode::FAILURE
    })
}

/// The exit code where nobody reads any more what is printed, as in `voice-ai doctor | head -1`: what a shell tells of a program that
/// SIGPIPE has ended.
const UNREAD: u8 = 128 + 13;

/// Whether whoever read what is printed has gone. Errors of a database or of a socket are never passed on bare.
fn is_unread(error: &anyhow::Error) -> bool {
    let printing = error.downcast_ref::<io::Error>();
    printing.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
