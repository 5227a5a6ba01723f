//! A stand-in for the OpenAI Realtime API (GA): it hears speech by its energy, answers as its script says and much faster
//! than real time, and refuses what the real one refuses. What it sends and was sent is kept for a test to look at.
//!
//! Its events are checked against the types of the official package by `tests/python/validate_openai.py`.

mod connection;
mod events;
mod hearing;
mod script;
mod talk;

pub use script::{Answer, CALL_ID, Fault, Moment, Script, ToolUse};

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Who sent an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The adapter under test.
    Client,
    /// This stand-in.
    Server,
}

/// One event that was sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sent {
    /// By whom.
    pub from: Side,
    /// What.
    pub event: Value,
}

impl Sent {
    /// The event's `type`; empty if it has none.
    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap_or_default()
    }
}

/// What the server has seen.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// All events of all connections, in order.
    pub events: Vec<Sent>,
    /// How many connections are open.
    pub open: usize,
}

impl Log {
    /// The events of one type that the client sent.
    pub fn client(&self, kind: &str) -> Vec<&Value> {
        self.of(Side::Client, kind)
    }

    /// The events of one type that the server sent.
    pub fn server(&self, kind: &str) -> Vec<&Value> {
        self.of(Side::Server, kind)
    }

    fn of(&self, from: Side, kind: &str) -> Vec<&Value> {
        self.events
            .iter()
            .filter(|s| s.from == from && s.kind() == kind)
            .map(|s| &s.event)
            .collect()
    }
}

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct Realtime {
    address: SocketAddr,
    log: watch::Receiver<Log>,
    _end: DropGuard,
}

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    log: watch::Sender<Log>,
    end: CancellationToken,
}

impl Shared {
    fn log(&self, from: Side, event: Value) {
        self.log.send_modify(|log| log.events.push(Sent { from, event }));
    }
}

impl Realtime {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, log) = watch::channel(Log::default());
        let end = CancellationToken::new();
        let shared = Shared {
            script: Arc::new(script),
            log: sender,
            end: end.clone(),
        };
        let app = Router::new()
            .route("/v1/realtime", get(connection::upgrade))
            .with_state(shared);
        let served = end.clone();
        tokio::spawn(async move {
            // An error would be the listener's own end, which the next connection shows.
            let _ = axum::serve(listener, app)
                .with_graceful_shutdown(served.cancelled_owned())
                .await;
        });
        Ok(Self {
            address,
            log,
            _end: end.drop_guard(),
        })
    }

    /// Where it is, for the engine's configuration.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/realtime", self.address)
    }

    /// What was sent so far.
    pub fn log(&self) -> Log {
        self.log.borrow().clone()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        let mut log = self.log.clone();
        match log.wait_for(wanted).await {
            Ok(log) => log.clone(),
            Err(_) => std::future::pending().await,
        }
    }
}
