//! Speech to text of the local engine, as it was found at the start.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use voice::stt::{Transcriber, WorkerPool};

/// What finds the caller's words.
#[derive(Clone)]
pub(crate) enum Transcription {
    /// `stt.model` is empty.
    Off,
    /// The model is not installed.
    Missing {
        /// Its name.
        model: String,
        /// Where it was looked for.
        file: PathBuf,
    },
    /// The model is there.
    Workers {
        /// Its name.
        model: String,
        /// Its file.
        file: PathBuf,
        /// The processes that run it.
        pool: Arc<WorkerPool>,
    },
}

impl Transcription {
    /// What the local engine asks for words, if there is something.
    pub(super) fn transcriber(&self) -> Option<Arc<dyn Transcriber>> {
        match self {
            Self::Off | Self::Missing { .. } => None,
            Self::Workers { pool, .. } => Some(pool.clone()),
        }
    }
}

impl fmt::Display for Transcription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("no speech-to-text model: keys only (stt.model is empty)"),
            Self::Missing { model, file } => write!(
                f,
                "no speech-to-text model: keys only ({} is not there; `voice-ai models install {model}` installs it)",
                file.display()
            ),
            Self::Workers { model, .. } => f.write_str(model),
        }
    }
}
