//! Speech to text of the local engine, as it is found at the start.

use super::files::{SPEECH_TO_TEXT, model_file};
use crate::config::Config;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use voice::stt::{PoolSettings, Transcriber, WorkerCommand, WorkerPool};

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
    /// Looks for the configured model. A model that is not installed is no error: calls go on by keys.
    pub(super) fn find(config: &Config) -> Result<Self, String> {
        let model = config.stt.model.clone();
        if model.is_empty() {
            return Ok(Self::Off);
        }
        let file = model_file("stt.model", &model, SPEECH_TO_TEXT, &config.models)?;
        if !file.is_file() {
            return Ok(Self::Missing { model, file });
        }
        let count = |number: u32| NonZeroUsize::new(number as usize).unwrap_or(NonZeroUsize::MIN);
        let command = WorkerCommand::this_program(&file, count(config.stt.threads)).map_err(|error| {
            format!("stt: the path of this program cannot be told ({error}); is /proc mounted?")
        })?;
        let settings = PoolSettings {
            workers: count(config.stt.workers),
            queue: config.stt.queue as usize,
            ..PoolSettings::default()
        };
        Ok(Self::Workers {
            model,
            file,
            pool: Arc::new(WorkerPool::new(command, settings)),
        })
    }

    /// What the local engine asks for words, if there is something.
    pub(crate) fn transcriber(&self) -> Option<Arc<dyn Transcriber>> {
        match self {
            Self::Off | Self::Missing { .. } => None,
            Self::Workers { pool, .. } => Some(pool.clone()),
        }
    }

    /// Whether callers can answer in words.
    pub(crate) fn is_there(&self) -> bool {
        matches!(self, Self::Workers { .. })
    }

    /// Starts the workers, so that the first caller does not wait for the model to be loaded.
    pub(crate) async fn warm(&self) {
        let Self::Workers { model, pool, .. } = self else {
            return;
        };
        match pool.warm().await {
            Ok(()) => tracing::info!(model, "speech to text is ready"),
            Err(error) => {
                tracing::warn!(model, %error, "speech to text does not start; callers answer by keys")
            }
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
