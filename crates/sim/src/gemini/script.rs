//! What the stand-in is to do.

use super::{Answer, Fault};
use std::time::Duration;

/// One server's script.
#[derive(Debug, Clone)]
pub struct Script {
    /// The key that it takes.
    pub key: String,
    /// The model that it has.
    pub model: String,
    /// What the caller is taken to have said, turn after turn; the last again and again.
    pub heard: Vec<String>,
    /// What it answers, one after the other; then short tones. They go on where a session is resumed.
    pub answers: Vec<Answer>,
    /// When it takes its leave of a connection.
    pub leaves: Option<Leaving>,
    /// What becomes of a session that is to be resumed.
    pub resumption: Resumption,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: "gm-sim".into(),
            model: "gemini-3.8-live".into(),
            heard: vec!["Quero falar com o financeiro, por favor.".into()],
            answers: Vec::new(),
            leaves: None,
            resumption: Resumption::Works,
            fault: None,
        }
    }
}

/// The end of a connection, announced by `goAway`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving {
    /// After so many answers on the connection.
    pub answers: usize,
    /// How long it says that it still stays. It does not close by itself.
    pub time_left: Duration,
}

/// What becomes of a session that is to be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumption {
    /// It goes on.
    Works,
    /// The connection is closed with 1007.
    Fails,
}
