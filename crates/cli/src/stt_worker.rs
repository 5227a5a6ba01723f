//! `voice-ai stt-worker`: a process of the server's own, ended by the end of its input.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The Whisper model, in ggml format.
    #[arg(long)]
    model: PathBuf,
    /// How many threads it computes with.
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
}

pub(crate) fn run(Arguments { model, threads }: Arguments) -> anyhow::Result<ExitCode> {
    // Fixed at warnings, whatever the environment says: below them whisper.cpp logs the caller's words.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .init();
    voice::stt::worker::run(std::io::stdin(), std::io::stdout(), &model, threads)?;
    Ok(ExitCode::SUCCESS)
}
