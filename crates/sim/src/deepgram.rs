//! A stand-in for the Deepgram Voice Agent API (`/v1/agent/converse`), as the official Python package (`deepgram-sdk` 7.17,
//! `agent/v1/socket_client.py`) speaks to it: it hears speech by its energy, answers as its script says and much faster than real
//! time, says what it is told to say, and closes the connection of a client that falls silent.
//!
//! Its events are checked against the types of the official package by `tests/python/validate_deepgram.py`, and the official client
//! talks to it in `tests/python/talk_deepgram.py`. Error codes are those of its documentation
//! (developers.deepgram.com/docs/voice-agent-errors-warnings).

mod door;
mod script;
mod settings;
mod talk;

pub use crate::provider::{Answer, Fault, Log, Sent, Side, ToolUse};
pub use script::{Failure, Moment, Script};

use crate::provider::{Connection, Server};
use axum::Router;
use axum::routing::get;
use std::sync::Arc;

/// The path of the API below its host.
const PATH: &str = "/v1/agent/converse";

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct VoiceAgent(Server);

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    connection: Connection,
}

impl VoiceAgent {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> std::io::Result<Self> {
        let script = Arc::new(script);
        let routes = |_, connection| {
            Router::new()
                .route(PATH, get(door::upgrade))
                .with_state(Shared { script, connection })
        };
        Server::start(routes).await.map(Self)
    }

    /// The address of the API, for the engine's configuration.
    pub fn url(&self) -> String {
        format!("{}{PATH}", self.host())
    }

    /// The address of its host, for the official client.
    pub fn host(&self) -> String {
        format!("ws://{}", self.0.address())
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
