//! A stand-in for Ultravox: a call is made by REST and joined by WebSocket (`medium.serverWebSocket`), audio is binary both ways,
//! and all else is data messages (docs.ultravox.ai, "Protocol & Data Messages"). It hears speech by its energy, answers as its
//! script says and much faster than real time.

mod door;
mod events;
mod script;
mod talk;

pub use crate::provider::{Answer, Fault, Log, Sent, Side, ToolUse};
pub use script::Script;

use crate::provider::{Connection, Server};
use axum::Router;
use axum::routing::{get, post};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct Calls(Server);

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    address: SocketAddr,
    /// The calls that were made and not joined yet, by id.
    made: Arc<Mutex<BTreeMap<String, talk::Medium>>>,
    connection: Connection,
}

impl Calls {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> std::io::Result<Self> {
        let script = Arc::new(script);
        let routes = |address, connection| {
            Router::new()
                .route("/api/calls", post(door::make))
                .route("/calls/{id}", get(door::join))
                .with_state(Shared {
                    script,
                    address,
                    made: Arc::default(),
                    connection,
                })
        };
        Server::start(routes).await.map(Self)
    }

    /// The address of the API, for the engine's configuration.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }

    /// What was said so far. The request that makes a call stands in it as an event of the type `POST /api/calls`.
    pub fn log(&self) -> Log {
        self.0.log()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        self.0.until(wanted).await
    }
}
