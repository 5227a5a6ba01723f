//! A stand-in for the Gemini Live API (`BidiGenerateContent`), as the official Python package (`google-genai` 3.4, `live.py`) speaks
//! to it: it hears speech by its energy, answers as its script says and much faster than real time, gives handles by which a
//! session goes on in another connection, and closes where the real one closes.
//!
//! Its events are checked against the types of the official package by `tests/python/validate_gemini.py`, and the official client
//! talks to it in `tests/python/talk_gemini.py`. What closes it with which words is as users report it; no type tells.

mod door;
mod memory;
mod script;
mod talk;
mod wire;

pub use crate::provider::{Answer, Fault, Log, Sent, Side, ToolUse};
pub use script::{Leaving, Resumption, Script};

use crate::provider::{Connection, Server};
use axum::Router;
use axum::routing::get;
use memory::Memory;
use std::sync::Arc;

/// The path of the API below its host, as its documentation has it; the official client asks for `v1`.
const PATH: &str = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct Live(Server);

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    memory: Arc<Memory>,
    connection: Connection,
}

impl Live {
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
                .route(&PATH.replace("v1beta", "v1"), get(door::upgrade))
                .with_state(Shared {
                    script,
                    memory: Arc::default(),
                    connection,
                })
        };
        Server::start(routes).await.map(Self)
    }

    /// The address of the API, for the engine's configuration.
    pub fn url(&self) -> String {
        format!("ws://{}{PATH}", self.0.address())
    }

    /// The address of its host, for the official client's `base_url`.
    pub fn host(&self) -> String {
        format!("http://{}", self.0.address())
    }

    /// What was said so far. The events of this API have no `type`: look at them by [`Log::having`].
    pub fn log(&self) -> Log {
        self.0.log()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        self.0.until(wanted).await
    }
}
