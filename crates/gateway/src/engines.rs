//! The speech engines of this node, made of what is configured and installed.

mod brains;
mod configured;
mod files;
mod speakers;
mod transcription;

pub(crate) use transcription::Transcription;

use crate::config::Config;
use brains::{Brains, Scripted};
use configured::Parts;
use secretary::{Secretary, Snapshot};
use speakers::Speakers;
use std::collections::BTreeMap;
use std::sync::Arc;
use voice::Engine;
use voice::cascade::Cascade;
use voice::loopback::Loopback;
use voice::openai::{self, OpenAi};
use voice::tts::{Prompts, Synthesizer};

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
    brains: Arc<Brains>,
    /// The configured cascades, and whether each has a language model of its own.
    cascades: BTreeMap<String, bool>,
}

/// The brains with the scripts of one snapshot.
pub(crate) struct Fitted(Scripted);

impl Engines {
    /// Makes every engine for which there is all that it needs; all that is wrong otherwise. Starts nothing.
    pub(crate) fn build(config: &Config) -> Result<Self, Vec<String>> {
        let (engines, faults) = Self::build_each(config)?;
        match faults.is_empty() {
            true => Ok(engines),
            false => Err(faults.into_values().collect()),
        }
    }

    /// The same, with what is wrong with each of the tables `[engines.NAME]` beside the engines of the others.
    pub(crate) fn build_each(config: &Config) -> Result<(Self, BTreeMap<String, String>), Vec<String>> {
        let mut wrong = Vec::new();
        let speakers = Speakers::load(&config.tts, &config.models)
            .map_err(|errors| wrong.extend(errors))
            .ok();
        let brains = Brains::new(&config.chat)
            .map_err(|error| wrong.push(error.to_string()))
            .ok();
        let openai = openai(config).map_err(|error| wrong.push(error.to_string())).ok();
        let transcription = Transcription::find(config)
            .map_err(|error| wrong.push(error))
            .ok();
        let (Some(speakers), Some(brains), Some(openai), Some(transcription)) =
            (speakers, brains, openai, transcription)
        else {
            return Err(wrong);
        };
        let brains = Arc::new(brains);
        let prompts = Arc::new(Prompts::new(speakers.clone(), PROMPT_BYTES));
        let node_voice: Arc<dyn Synthesizer> = speakers.clone();
        let local = Cascade::new(
            transcription.transcriber(),
            speakers,
            prompts.clone(),
            brains.clone(),
        );
        let parts = Parts {
            transcriber: transcription.transcriber(),
            speakers: node_voice,
            brains: brains.clone(),
            prompt_bytes: PROMPT_BYTES,
        };
        let mut engines: Vec<Arc<dyn Engine>> = vec![Arc::new(Loopback), Arc::new(local)];
        let mut faults = BTreeMap::new();
        for (name, table) in &config.engines {
            match configured::engine(name, table, config, &parts) {
                Ok(engine) => engines.push(engine),
                Err(problem) => drop(faults.insert(name.clone(), problem)),
            }
        }
        engines.extend(openai.map(|openai| Arc::new(openai) as Arc<dyn Engine>));
        let by_name = engines
            .into_iter()
            .map(|engine| (engine.name().to_owned(), engine))
            .collect();
        let engines = Self {
            by_name,
            prompts,
            transcription,
            brains,
            cascades: configured::cascades(&config.engines),
        };
        Ok((engines, faults))
    }

    /// The engines' names.
    pub(crate) fn names(&self) -> String {
        self.by_name
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Reads what secretaries want of the engines, their scripts above all; or what this node does not have of it, each with its
    /// remedy. Nothing changes until it is adopted. Blocks.
    pub(crate) fn fit(&self, snapshot: &Snapshot) -> Result<Fitted, Vec<String>> {
        let scripted = self.brains.afresh();
        let mut lacking = Vec::new();
        for domain in snapshot.domains.values() {
            for secretary in domain.secretaries.values() {
                if let Err(problem) = self.check(&scripted, secretary) {
                    lacking.push(format!(
                        "secretary {} of domain {}: {problem}",
                        secretary.name, domain.name
                    ));
                }
            }
        }
        if lacking.is_empty() {
            Ok(Fitted(scripted))
        } else {
            Err(lacking)
        }
    }

    /// From now on calls begin with these scripts.
    pub(crate) fn adopt(&self, fitted: Fitted) {
        self.brains.adopt(fitted.0);
    }

    /// Why a secretary cannot use an engine, if it cannot. Blocks.
    pub(crate) fn problem(&self, engine: &str, secretary: &Secretary) -> Option<String> {
        self.check_one(engine, &self.brains.afresh(), secretary).err()
    }

    fn check(&self, scripted: &Scripted, secretary: &Secretary) -> Result<(), String> {
        secretary
            .engines
            .iter()
            .try_for_each(|engine| self.check_one(engine, scripted, secretary))
    }

    fn check_one(&self, engine: &str, scripted: &Scripted, secretary: &Secretary) -> Result<(), String> {
        match engine {
            "local" => scripted.check(secretary),
            // A cascade with a model of its own needs none of the node's.
            cascade if self.cascades.get(cascade).is_some_and(|own| *own) && secretary.brain == "chat" => {
                Ok(())
            }
            cascade if self.cascades.contains_key(cascade) => scripted.check(secretary),
            known if self.by_name.contains_key(known) => Ok(()),
            "openai" => Err("it wants the engine openai, which needs a key; set openai.api_key".into()),
            kind if configured::KINDS.contains(&kind) => Err(format!(
                "it wants the engine {kind}, which is not configured; write a table [engines.{kind}], see docs/engines.md"
            )),
            other => Err(format!(
                "there is no engine {other:?}; this node has {}",
                self.names()
            )),
        }
    }
}

/// The OpenAI engine, where there is a key.
fn openai(config: &Config) -> Result<Option<OpenAi>, openai::ConfigError> {
    let Some(key) = &config.openai.api_key else {
        return Ok(None);
    };
    let defaults = openai::Config::new(voice::ApiKey::new(key.expose()));
    let engine = OpenAi::new(openai::Config {
        url: config.openai.url.clone(),
        model: config.openai.model.clone(),
        voice: config.openai.voice.clone(),
        transcription_model: config.openai.transcription_model.clone(),
        hold: config.stream.hold(),
        ..defaults
    });
    engine.map(Some)
}
