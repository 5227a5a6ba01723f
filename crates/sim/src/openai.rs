//! A stand-in for the OpenAI Realtime API (GA) and those that are like it ([`Dialect`]): it hears speech by its energy, answers as its script says and much faster
//! than real time, and refuses what the real one refuses. What it sends and was sent is kept for a test to look at.
//!
//! Its events are checked against the types of the official package by `tests/python/validate_openai.py`.

mod connection;
mod dialect;
mod events;
pub mod live;
mod script;
mod talk;

pub use crate::provider::{Log, Sent, Side};
pub use script::{Answer, CALL_ID, Dialect, Fault, Moment, Script, ToolUse};

use crate::provider::{Connection, Server};
use axum::Router;
use axum::routing::get;
use std::sync::Arc;

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct Realtime {
    server: Server,
    path: &'static str,
}

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    connection: Connection,
}

impl Realtime {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> std::io::Result<Self> {
        let script = Arc::new(script);
        let path = script.dialect.path();
        let routes = |_, connection| {
            Router::new()
                .route(path, get(connection::upgrade))
                .with_state(Shared { script, connection })
        };
        let server = Server::start(routes).await?;
        Ok(Self { server, path })
    }

    /// Where it is, for the engine's configuration.
    pub fn url(&self) -> String {
        format!("ws://{}{}", self.server.address(), self.path)
    }

    /// What was said so far.
    pub fn log(&self) -> Log {
        self.server.log()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        self.server.until(wanted).await
    }
}
