//! A stand-in for ElevenLabs Agents: the WebSocket of a conversation, public or by a signed URL, as the official Python package
//! (`elevenlabs` 2.78, `conversational_ai/conversation.py`) speaks to it. It hears speech by its energy, answers as its script says
//! and much faster than real time, and closes where the real one closes.
//!
//! The official client talks to it in `tests/python/talk_elevenlabs.py`.

mod door;
mod format;
mod script;
mod talk;

pub use crate::provider::{Answer, Fault, Log, Sent, Side, ToolUse};
pub use script::{Completion, Override, Script};

use crate::provider::{Connection, Server};
use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;

/// A running server with one agent. Dropping it closes its connections.
#[derive(Debug)]
pub struct Agents(Server);

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    address: SocketAddr,
    connection: Connection,
}

impl Agents {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> std::io::Result<Self> {
        let script = Arc::new(script);
        let routes = |address, connection| {
            Router::new()
                .route("/v1/convai/conversation", get(door::upgrade))
                .route("/v1/convai/conversation/get-signed-url", get(door::sign))
                .with_state(Shared {
                    script,
                    address,
                    connection,
                })
        };
        Server::start(routes).await.map(Self)
    }

    /// The address of the API, for the engine's configuration and for the official client's `base_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }

    /// What was said so far. What the caller was heard to say has no `type`.
    pub fn log(&self) -> Log {
        self.0.log()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        self.0.until(wanted).await
    }
}
