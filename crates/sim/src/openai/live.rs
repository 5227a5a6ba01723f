//! A stand-in for OpenAI Live (`/v1/live/sessions`): it hears speech by its energy, answers as its script says and much faster than
//! real time, with silence after each answer, and refuses what the real one refuses.
//!
//! Its events are checked against the types of the official package by `tests/python/validate_openai_live.py`.

mod door;
mod events;
mod talk;

pub use crate::provider::{Answer, Fault, Log, Sent, Side, ToolUse};

use crate::provider::{Connection, Server};
use axum::Router;
use axum::routing::get;
use std::sync::Arc;
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
    /// What it answers, one after the other; then short tones.
    pub answers: Vec<Answer>,
    /// How long a session may last.
    pub longest: Duration,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: "sk-sim".into(),
            model: "gpt-live-1".into(),
            heard: vec!["Quero falar com o financeiro, por favor.".into()],
            answers: Vec::new(),
            longest: Duration::from_secs(3_600),
            fault: None,
        }
    }
}

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct Sessions(Server);

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    connection: Connection,
}

impl Sessions {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> std::io::Result<Self> {
        let script = Arc::new(script);
        let routes = |_, connection| {
            Router::new()
                .route("/v1/live/sessions", get(door::upgrade))
                .with_state(Shared { script, connection })
        };
        Server::start(routes).await.map(Self)
    }

    /// Where it is, for the engine's configuration.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/live/sessions", self.0.address())
    }

    /// What was said so far.
    pub fn log(&self) -> Log {
        self.0.log()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        self.0.until(wanted).await
    }
}
