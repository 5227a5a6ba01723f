//! What a configuration has and what it wants, told without starting anything: for who checks an installation.

use crate::config::Config;
use crate::engines::{Engines, Transcription};
use secretary::Snapshot;

/// What a configuration comes to.
#[derive(Debug)]
pub struct Inventory {
    /// Its tenants and their secretaries; `None` where their files are wrong.
    pub snapshot: Option<Snapshot>,
    /// All that keeps the service from starting, each with its remedy.
    pub wrong: Vec<String>,
    /// What secretaries want of the engines that is not there, such as an engine's key. It keeps the service from starting, too.
    pub unserved: Vec<String>,
    /// Models that are wanted and not installed; calls go on without.
    pub missing_models: Vec<String>,
}

impl Inventory {
    /// Reads the secretaries' files and looks for models. Blocks.
    pub fn of(config: &Config) -> Self {
        let (snapshot, mut wrong) = match config.snapshot() {
            Ok(snapshot) => (Some(snapshot), Vec::new()),
            Err(errors) => (None, errors),
        };
        let engines = Engines::build(config).map_err(|errors| wrong.extend(errors)).ok();
        let unserved = match (&snapshot, &engines) {
            (Some(snapshot), Some(engines)) => engines.fit(snapshot).err().unwrap_or_default(),
            _ => Vec::new(),
        };
        let missing_models = match engines.map(|engines| engines.transcription) {
            Some(Transcription::Missing { model, .. }) => vec![model],
            _ => Vec::new(),
        };
        Self {
            snapshot,
            wrong,
            unserved,
            missing_models,
        }
    }
}
