//! Log lines of the server, on standard error.

use gateway::config::{LogConfig, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// What is logged: RUST_LOG where it is set, else the configuration's `log.level`.
fn filter(log: &LogConfig) -> anyhow::Result<EnvFilter> {
    let of = |key: &str, directives: &str| {
        EnvFilter::try_new(directives).map_err(|error: ParseError| {
            anyhow::anyhow!("{key}: {directives:?}: {error}; use error, warn, info, debug or trace, or directives such as info,gateway=debug")
        })
    };
    match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => of("RUST_LOG", &directives),
        _ => of("log.level", &log.level),
    }
}

/// Whether the configuration's directives can be used.
pub(crate) fn check(log: &LogConfig) -> anyhow::Result<()> {
    filter(log).map(drop)
}

/// Logs from now on.
pub(crate) fn install(log: &LogConfig) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(log)?)
        .with_writer(std::io::stderr);
    match log.format {
        LogFormat::Json => lines.json().init(),
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
    }
    Ok(())
}
