//! The speech engines of this node, made of what is configured and installed.

use crate::config::{Config, Speaker};
use secretary::Snapshot;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use voice::Engine;
use voice::loopback::Loopback;
use voice::stt::WorkerPool;
use voice::tts::{Espeak, EspeakConfig, Prompts, Synthesizer};

/// Rendered prompts are kept up to so many bytes: an hour of speech.
const PROMPT_BYTES: usize = 128 * 1024 * 1024;

/// The engines, and what they share.
pub(crate) struct Engines {
    /// By the name that a secretary gives.
    pub(crate) by_name: BTreeMap<String, Arc<dyn Engine>>,
    /// Renders what an engine cannot say.
    pub(crate) prompts: Arc<Prompts>,
    /// What finds the words of the local engine.
    pub(crate) transcription: Transcription,
}

/// Speech to text of the local engine, as it was found at the start.
#[derive(Clone)]
pub(crate) enum Transcription {
    /// `stt.model` is empty.
    Off,
    /// The model is not installed.
    Missing {
        /// Its name.
        model: String,
        /// Where it was looked for.
        folder: PathBuf,
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

impl fmt::Display for Transcription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("no speech-to-text model: keys only (stt.model is empty)"),
            Self::Missing { model, folder } => write!(
                f,
                "no speech-to-text model: keys only ({model} is not in {}; `voice-ai models install {model}` installs it)",
                folder.display()
            ),
            Self::Workers { model, .. } => f.write_str(model),
        }
    }
}

impl Engines {
    /// Makes every engine for which there is all that it needs.
    pub(crate) fn build(config: &Config) -> Result<Self, Vec<String>> {
        let synthesizer = synthesizer(config);
        let prompts = Arc::new(Prompts::new(synthesizer, PROMPT_BYTES));
        let mut by_name: BTreeMap<String, Arc<dyn Engine>> = BTreeMap::new();
        let engines: [Arc<dyn Engine>; 1] = [Arc::new(Loopback)];
        by_name.extend(engines.map(|engine| (engine.name().to_owned(), engine)));
        Ok(Self {
            by_name,
            prompts,
            transcription: Transcription::Off,
        })
    }

    /// The engines' names.
    pub(crate) fn names(&self) -> String {
        self.by_name
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// What secretaries want and this node does not have, each with its remedy.
    pub(crate) fn lacking(&self, snapshot: &Snapshot) -> Vec<String> {
        let secretaries = snapshot
            .domains
            .values()
            .flat_map(|domain| domain.secretaries.values().map(move |one| (domain, one)));
        secretaries
            .filter(|(_, secretary)| !self.by_name.contains_key(&secretary.engine))
            .map(|(domain, secretary)| {
                format!(
                    "secretary {} of domain {} wants the engine {:?}, and this node has {}; configure it, or name another",
                    secretary.name,
                    domain.name,
                    secretary.engine,
                    self.names()
                )
            })
            .collect()
    }
}

fn synthesizer(config: &Config) -> Arc<dyn Synthesizer> {
    match config.tts.engine {
        Speaker::Espeak => Arc::new(Espeak::new(EspeakConfig {
            program: config.tts.espeak.clone(),
            processes: config.tts.processes as usize,
            // The configuration takes 80 to 450.
            words_per_minute: u16::try_from(config.tts.words_per_minute).unwrap_or(u16::MAX),
            ..EspeakConfig::default()
        })),
    }
}
