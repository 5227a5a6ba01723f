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
    /// The voices that it has.
    pub voices: Vec<String>,
    /// What the caller is taken to have said, turn after turn; the last again and again.
    pub heard: Vec<String>,
    /// What it answers, one after the other; then short tones.
    pub answers: Vec<Answer>,
    /// The longest call that it makes, whatever is asked for.
    pub longest: Duration,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: "uv-sim".into(),
            model: "ultravox-v0.7".into(),
            voices: vec!["Mark".into(), "Keren-Brazilian-Portuguese".into()],
            heard: vec!["Quero falar com o financeiro, por favor.".into()],
            answers: Vec::new(),
            longest: Duration::from_secs(3_600),
            fault: None,
        }
    }
}
