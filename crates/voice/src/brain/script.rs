//! The brain that follows a script: a YAML file with intents, states, questions and actions.
//!
//! No model and no network: the same words in the same state get the same answer. `docs/script.md` is the file's
//! reference. Its actions are the tools that a language model would call (`brain::tools`); facts, hours and destinations are the
//! secretary's.

mod check;
mod error;
mod format;
mod matching;
mod office;
mod phrases;
mod slot;
mod speech;
mod talk;
mod words;

pub use error::ScriptError;
pub use matching::Score;

use crate::brain::{Brain, Clock, Mind, SystemClock};
use crate::engine::ToolSpec;
use office::Office;
use secretary::{Language, Secretary, field_suggestion};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use talk::Talk;

const SAMPLES: [(&str, &str); 2] = [
    ("provedor", include_str!("../../../../samples/provedor.yaml")),
    ("isp", include_str!("../../../../samples/isp.yaml")),
];

/// A script, checked and made ready.
#[derive(Debug, Clone)]
pub struct Script {
    name: String,
    file: format::File,
    matcher: matching::Matcher,
    wording: phrases::Wording,
}

impl Script {
    /// Opens the embedded sample of that name, or the file at that path (one that ends in `.yaml` or `.yml`).
    pub fn open(name: &str) -> Result<Self, ScriptError> {
        if let Some((name, text)) = SAMPLES.iter().find(|(sample, _)| *sample == name) {
            return Self::parse(&format!("samples/{name}.yaml"), text);
        }
        let missing = |reason: String| ScriptError::Missing {
            name: name.into(),
            reason,
            samples: SAMPLES.iter().map(|(sample, _)| *sample).collect(),
        };
        if !name.ends_with(".yaml") && !name.ends_with(".yml") {
            return Err(missing("there is no such sample".into()));
        }
        let text = std::fs::read_to_string(name).map_err(|e| missing(e.to_string()))?;
        Self::parse(name, &text)
    }

    /// Parses a script. `name` names the file in errors.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScriptError> {
        let file: format::File = serde_saphyr::from_str(text).map_err(|e| unreadable(name, &e))?;
        check::check(&file).map_err(|fault| invalid(name, fault))?;
        let matcher = matching::Matcher::new(file.language, file.matching, &file.intents);
        let wording = phrases::Wording::new(file.language, &file.phrases);
        Ok(Self {
            name: name.into(),
            file,
            matcher,
            wording,
        })
    }

    /// Its language.
    pub fn language(&self) -> Language {
        self.file.language
    }

    /// How well a text fits each intent, the best first: to see why something was (not) understood.
    pub fn explain(&self, text: &str) -> Vec<Score> {
        self.matcher.scores(text)
    }

    /// The intent that a text means, among all of the script; nothing where none or several fit.
    pub fn intent(&self, text: &str) -> Option<String> {
        match self.matcher.best(text, |_| true) {
            matching::Match::Sure(intent) => Some(intent),
            matching::Match::Either(..) | matching::Match::Nothing => None,
        }
    }

    /// Checks that the facts and destinations which the script names are the secretary's.
    ///
    /// # Errors
    ///
    /// With the line of the first that is not, and the nearest that is.
    pub fn fits(&self, secretary: &Secretary) -> Result<(), ScriptError> {
        office::check(&self.file, secretary).map_err(|fault| invalid(&self.name, fault))
    }
}

fn invalid(file: &str, fault: check::Fault) -> ScriptError {
    ScriptError::Invalid {
        file: file.into(),
        line: fault.line,
        problem: fault.problem,
        remedy: Some(fault.remedy),
    }
}

fn unreadable(name: &str, error: &serde_saphyr::Error) -> ScriptError {
    let message = error
        .without_snippet()
        .to_string()
        .lines()
        .collect::<Vec<_>>()
        .join(" ");
    // The place stands in front.
    let problem = message.split(" at line ").next().unwrap_or_default().to_string();
    let remedy = moved(&problem).or_else(|| field_suggestion(&problem));
    let line = error.location().map_or(0, |at| at.line());
    ScriptError::Invalid {
        file: name.into(),
        line,
        problem,
        remedy,
    }
}

/// The remedy for keys that a script had once.
fn moved(problem: &str) -> Option<String> {
    ["facts", "hours"]
        .into_iter()
        .find(|key| problem.contains(&format!("unknown field `{key}`")))
        .map(|key| format!("{key} stand in the secretary's own file, under [{key}]"))
}

/// Scripts by name, each read once.
#[derive(Default)]
pub(crate) struct Scripts {
    // Held only to look up or to read a file at a call's beginning, never over an await.
    known: Mutex<BTreeMap<String, Arc<Script>>>,
}

impl Scripts {
    pub(crate) fn open(&self, name: &str) -> Result<Arc<Script>, ScriptError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(script) = known.get(name) {
            return Ok(script.clone());
        }
        let script = Arc::new(Script::open(name)?);
        known.insert(name.into(), script.clone());
        Ok(script)
    }
}

/// The brain that follows the script which a secretary names.
pub struct ScriptBrain {
    clock: Arc<dyn Clock>,
    scripts: Scripts,
}

impl Default for ScriptBrain {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

impl ScriptBrain {
    /// A brain that takes the time of day from `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            scripts: Scripts::default(),
        }
    }

    /// Reads and checks the script of a secretary before any call needs it, and that what it takes from the secretary is there.
    pub fn prepare(&self, secretary: &Secretary) -> Result<Arc<Script>, ScriptError> {
        let script = self.scripts.open(&secretary.script)?;
        script.fits(secretary)?;
        Ok(script)
    }

    fn talk(&self, secretary: Arc<Secretary>) -> Result<Talk, ScriptError> {
        let script = self.prepare(&secretary)?;
        let name = secretary.name.clone();
        let office = Office::new(secretary).map_err(|reason| ScriptError::Hours {
            secretary: name,
            reason,
        })?;
        Ok(Talk::new(script, Arc::new(office), self.clock.clone()))
    }
}

impl Brain for ScriptBrain {
    /// A script that cannot be read gives a mind that fails at once; [`ScriptBrain::prepare`] tells earlier.
    fn begin(&self, secretary: Arc<Secretary>, _tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        match self.talk(secretary) {
            Ok(talk) => Box::new(talk),
            Err(error) => Box::new(talk::Broken::new(error.to_string())),
        }
    }
}
