//! The files of this node's calls: who writes them, and what becomes of those of a process that died.

use crate::config::Config;
use recording::{Build, Mended, Options, Recorder};
use std::path::Path;

/// The bytes that may wait for the disk: eight seconds of five hundred calls at 16 kHz.
const WAITING: usize = 256 * 1024 * 1024;

/// Starts the writer of calls' files.
pub(crate) fn start(config: &Config) -> std::io::Result<Recorder> {
    let options = &config.recording;
    Recorder::start(Options {
        data: config.data.dir.clone(),
        build: Build {
            name: "voice-ai".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        opus: (!options.opus.is_empty()).then(|| options.opus.clone()),
        least_free: u64::from(options.least_free_mb) * 1_000_000,
        waiting: WAITING,
    })
}

/// Mends recordings of a process that died, and says so.
pub(crate) fn repair(data: &Path) {
    let repaired = match recording::repair(data) {
        Ok(repaired) => repaired,
        Err(error) => {
            return tracing::warn!(%error, "recordings could not be looked through for unfinished ones");
        }
    };
    for one in repaired {
        let path = one.path.display();
        match one.mended {
            Ok(Mended::Header { ms }) => {
                tracing::info!(%path, seconds = ms / 1_000, "a recording of a process that died was mended");
            }
            Ok(Mended::Removed) => {
                tracing::info!(%path, "an empty recording of a process that died was removed")
            }
            Ok(Mended::InUse) => {}
            Err(error) => tracing::warn!(%path, %error, "an unfinished recording could not be mended"),
        }
    }
}
