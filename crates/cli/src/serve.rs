//! `voice-ai serve`: the server until SIGTERM or SIGINT; SIGHUP reads the secretaries again. Exit code 0 after that, 2 if the configuration or an address is wrong.

use crate::config::{BAD_CONFIG, Source, print};
use crate::logging;
use gateway::{Config, Gateway, Reload, Shutdown};
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments alike"
)]
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Some(config) = arguments.source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    logging::install(&config.log)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(config))
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    let running = match Gateway::start(config).await {
        Ok(running) => running,
        Err(error) => {
            print(error.to_string().lines());
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    tracing::info!(
        "try it: voice-ai call --url ws://{} --say \"Quero falar com o financeiro\"",
        running.stream_addr()
    );
    tokio::spawn(obey(signals, running.shutdown()));
    tokio::spawn(reread(hangup, running.reload()));
    running.wait().await;
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

/// The first signal drains, the second ends at once.
async fn obey((mut terminate, mut interrupt): (Signal, Signal), shutdown: Shutdown) {
    let mut next = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    next().await;
    shutdown.drain();
    next().await;
    tracing::warn!("a second signal: ending every call");
    shutdown.now();
}

/// Each SIGHUP reads the secretaries again. What is wrong with them is in the log already.
async fn reread(mut hangup: Signal, reload: Reload) {
    while hangup.recv().await.is_some() {
        let _ = reload.now().await;
    }
}
