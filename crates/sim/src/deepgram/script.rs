//! What the stand-in is to do.

use super::{Answer, Fault};
use std::time::Duration;

/// One server's script.
#[derive(Debug, Clone)]
pub struct Script {
    /// The key that it takes.
    pub key: String,
    /// What the caller is taken to have said, turn after turn; the last again and again.
    pub heard: Vec<String>,
    /// What it answers, one after the other; then short tones.
    pub answers: Vec<Answer>,
    /// The code of a `Warning` that follows the settings.
    pub warning: Option<String>,
    /// An `Error` in place of what was asked for; the connection is closed after it.
    pub failure: Option<Failure>,
    /// How long the client may send nothing before the connection is closed.
    pub patience: Duration,
    /// What goes wrong. [`Fault::WrongFormat`] is audio in a container.
    pub fault: Option<Fault>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: "dg-sim".into(),
            heard: vec!["Quero falar com o financeiro, por favor.".into()],
            answers: Vec::new(),
            warning: None,
            failure: None,
            patience: Duration::from_secs(10),
            fault: None,
        }
    }
}

/// An `Error` of the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: Moment,
    /// Its code.
    pub code: String,
}

/// A place in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In place of `SettingsApplied`.
    Settings,
    /// In place of an answer.
    Answer,
}
