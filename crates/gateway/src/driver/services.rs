//! What all calls of a node share.

use crate::books::Books;
use crate::config::{RealtimePrices, StreamConfig};
use crate::metrics::Metrics;
use crate::switches::Switches;
use crate::tools::Means;
use audio::{EarModel, TurnModel};
use recording::Recorder;
use secretary::Secretary;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;
use voice::Engine;
use voice::relay::{Health, Lineup};
use voice::stt::Transcriber;
use voice::tts::Prompts;

/// What all calls of a node share.
pub(crate) struct Services {
    /// The engines by the name that a secretary gives.
    pub(crate) engines: BTreeMap<String, Arc<dyn Engine>>,
    /// Which of them are out of order.
    pub(crate) health: Arc<Health>,
    /// Renders what an engine cannot say word for word.
    pub(crate) prompts: Arc<Prompts>,
    /// The voice activity model; without it no call hears when its caller speaks.
    pub(crate) ear: Option<EarModel>,
    /// The end-of-turn model; without it silence ends a turn.
    pub(crate) turn: Option<TurnModel>,
    /// At most so many end-of-turn judgements at once.
    pub(crate) judges: Arc<Semaphore>,
    /// The rules of a stream.
    pub(crate) stream: StreamConfig,
    /// What engines charge, by their name; nothing where one is not named.
    pub(crate) prices: BTreeMap<String, RealtimePrices>,
    /// Writes the files of calls.
    pub(crate) recorder: Recorder,
    /// Whether calls have an event log.
    pub(crate) event_log: bool,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Where calls tell what happened.
    pub(crate) books: Books,
    /// The FreeSWITCHes that are controlled.
    pub(crate) switches: Switches,
    /// What tools beyond the PBX are used with.
    pub(crate) means: Means,
    /// Finds the words of those who are called for a caller; without it they answer by keys.
    pub(crate) words: Option<Arc<dyn Transcriber>>,
}

impl Services {
    /// The engines that speak for a secretary; none where none of them is configured.
    pub(crate) fn lineup(&self, secretary: &Secretary) -> Option<Lineup> {
        let engines = secretary
            .engines
            .iter()
            .filter_map(|name| self.engines.get(name).cloned())
            .collect();
        Lineup::new(engines, self.health.clone())
    }
}
