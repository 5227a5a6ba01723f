//! Log lines of the server, on standard error.

use gateway::config::{LogConfig, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// These write what they carry into their own log, tokens, callers' words and numbers: of them nothing below info is ever logged, and
/// of the event socket, whose states we tell ourselves, nothing below error; nor of TLS, which warns of every client that names an IP
/// address (sptmru 5f179d6 does).
const TALKATIVE: [&str; 5] = [
    "tungstenite=info",
    "tokio_tungstenite=info",
    "freeswitch_esl_tokio=error",
    "rustls=error",
    // What MCP servers notify of it logs whole, and addresses with their queries; we tell their states ourselves.
    "rmcp=off",
];

/// What is logged: RUST_LOG where it is set, else the configuration's `log.level`.
fn filter(log: &LogConfig) -> anyhow::Result<EnvFilter> {
    let of = |key: &str, directives: &str| {
        let quiet = directives
            .split(',')
            .chain(TALKATIVE)
            .filter(|one| !one.is_empty());
        EnvFilter::try_new(quiet.collect::<Vec<_>>().join(",")).map_err(|error: ParseError| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_socket_carries_is_logged_at_no_level() {
        for level in ["trace", "tungstenite=trace,trace"] {
            let (lines, log) = (
                Lines::default(),
                LogConfig {
                    level: level.into(),
                    ..LogConfig::default()
                },
            );
            let writer = lines.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_env_filter(filter(&log).unwrap())
                .with_writer(move || writer.clone());
            tracing::subscriber::with_default(subscriber.finish(), || {
                tracing::trace!(target: "tungstenite::protocol", "Received message hippopotamus");
                tracing::debug!(target: "tokio_tungstenite::compat", "hippopotamus");
                tracing::debug!(target: "freeswitch_esl_tokio::connection::client", ">> api originate hippopotamus");
                tracing::trace!(target: "gateway::driver", "our own");
            });
            let told = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert!(
                told.contains("our own") && !told.contains("hippopotamus"),
                "{told}"
            );
        }
    }
}
