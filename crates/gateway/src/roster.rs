//! The engines of a configuration, each with what it lacks and who uses it, made without a gateway around them: for who lists and tries
//! them.

use crate::config::{Config, EngineConfig};
use crate::engines::{Engines, Transcription};
use secretary::Snapshot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use voice::Engine;

/// The engines that are configured, and those that secretaries name beside them.
pub struct Roster {
    /// By their names.
    pub entries: Vec<Entry>,
    /// What is wrong with the secretaries' files: who uses which engine is not known then.
    pub wrong: Vec<String>,
    engines: BTreeMap<String, Arc<dyn Engine>>,
}

/// An engine.
#[derive(Debug)]
pub struct Entry {
    /// The name by which secretaries choose it.
    pub name: String,
    /// What it is, as the `kind` of a table has it.
    pub kind: String,
    /// The model that is configured; empty for the usual one, or none.
    pub model: String,
    /// Whether it can be used.
    pub state: State,
    /// The secretaries that name it.
    pub uses: Vec<Use>,
}

/// Whether an engine can be used.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// It has all that it needs. Whether its provider takes the key is another question.
    Ready,
    /// It begins, and does less than it could.
    Reduced(String),
    /// It is not there, though nothing is wrong: what it would need.
    Absent(String),
    /// What is configured of it keeps the service from starting: what would be right.
    Faulty(String),
}

/// A secretary that names an engine.
#[derive(Debug)]
pub struct Use {
    /// The name of its domain.
    pub domain: String,
    /// Its name.
    pub secretary: String,
    /// Which of its engines it is, from 1.
    pub place: usize,
    /// Why this secretary cannot use it, where the engine's own state does not say so.
    pub problem: Option<String>,
}

impl Roster {
    /// Makes every engine and reads the secretaries' files. Connects nothing. Blocks.
    ///
    /// # Errors
    ///
    /// All that is wrong with the parts of the node that its engines share.
    pub fn of(config: &Config) -> Result<Self, Vec<String>> {
        let (engines, faults) = Engines::build_each(config)?;
        let (snapshot, wrong) = match config.snapshot() {
            Ok(snapshot) => (snapshot, Vec::new()),
            Err(errors) => (Snapshot::default(), errors),
        };
        let mut uses = uses(&snapshot, &engines);
        let own = ["local", "loopback", "openai"].map(str::to_owned);
        let names: BTreeSet<String> = own
            .into_iter()
            .chain(config.engines.keys().cloned())
            .chain(uses.keys().cloned())
            .collect();
        let entries = names
            .into_iter()
            .map(|name| {
                let uses = uses.remove(&name).unwrap_or_default();
                entry(name, config, &engines, &faults, uses)
            })
            .collect();
        Ok(Self {
            entries,
            wrong,
            engines: engines.by_name,
        })
    }

    /// The engine of that name, where it can be used.
    pub fn engine(&self, name: &str) -> Option<&Arc<dyn Engine>> {
        self.engines.get(name)
    }
}

fn entry(
    name: String,
    config: &Config,
    engines: &Engines,
    faults: &BTreeMap<String, String>,
    mut uses: Vec<Use>,
) -> Entry {
    let table = config.engines.get(&name);
    let kind = table
        .map(|table| table.kind.as_str())
        .filter(|kind| !kind.is_empty())
        .unwrap_or(&name)
        .to_owned();
    let model = match name.as_str() {
        "openai" => config.openai.model.clone(),
        "local" => config.chat.model.clone(),
        _ => table.map(model).unwrap_or_default(),
    };
    let hears_by_the_node = match table {
        Some(table) => kind == "cascade" && matches!(table.stt.kind.as_str(), "" | "local"),
        None => name == "local",
    };
    let state = match faults.get(&name) {
        Some(fault) => State::Faulty(fault.clone()),
        None if !engines.by_name.contains_key(&name) => State::Absent(absence(&name, &uses)),
        None => match &engines.transcription {
            Transcription::Workers { .. } => State::Ready,
            lacking if hears_by_the_node => State::Reduced(lacking.to_string()),
            _ => State::Ready,
        },
    };
    if matches!(state, State::Faulty(_)) {
        uses.iter_mut().for_each(|user| user.problem = None);
    }
    Entry {
        name,
        kind,
        model,
        state,
        uses,
    }
}

/// The model of a table: that which hears and speaks, else that which thinks.
fn model(table: &EngineConfig) -> String {
    let models = [&table.model, &table.think_model, &table.llm.model];
    let named = models.into_iter().find(|model| !model.is_empty());
    named.cloned().unwrap_or_default()
}

/// What an engine would need that is not there; who names it was told already.
fn absence(name: &str, uses: &[Use]) -> String {
    let told = uses.iter().find_map(|user| user.problem.clone());
    told.unwrap_or_else(|| format!("{name} needs a key; set {name}.api_key"))
}

fn uses(snapshot: &Snapshot, engines: &Engines) -> BTreeMap<String, Vec<Use>> {
    let mut uses: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    for domain in snapshot.domains.values() {
        for secretary in domain.secretaries.values() {
            for (place, name) in secretary.engines.iter().enumerate() {
                uses.entry(name.to_owned()).or_default().push(Use {
                    domain: domain.name.clone(),
                    secretary: secretary.name.clone(),
                    place: place + 1,
                    problem: engines.problem(name, secretary),
                });
            }
        }
    }
    uses
}
