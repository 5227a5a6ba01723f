//! ElevenLabs Agents, as the official Python package (`elevenlabs` 2.78) speaks to them.
//!
//! The agent is made at ElevenLabs; a conversation sets otherwise what the agent's security settings allow ([`Override`]). It hears,
//! answers and interrupts by itself, and chooses the audio formats of both directions, which the session obeys. Tools are the agent's
//! client tools: those that the secretary is to use must be made there, with the same names and parameters.
//!
//! Inside, `conversation` is the protocol without a socket; `opening` is what comes before it, since the formats must be known first.

mod config;
mod connect;
mod conversation;
mod events;
mod failure;
mod format;
mod opening;

pub use config::{Config, ConfigError, Override};

use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::realtime::{self, Counts};
use call::{By, Capabilities, FailureKind};
use connect::Connector;
use conversation::Conversation;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The engine, shared by all calls.
#[derive(Debug)]
pub struct ElevenLabs {
    config: Arc<Config>,
    connector: Connector,
    counts: Arc<Counts>,
}

impl ElevenLabs {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the URL, the agent or the key cannot be put into a request.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let connector = Connector::new(&config)?;
        Ok(Self {
            config: Arc::new(config),
            connector,
            counts: Arc::default(),
        })
    }

    /// How many sessions have a task and a socket now.
    pub fn live_sessions(&self) -> usize {
        self.counts.sessions.load(Ordering::Relaxed)
    }

    async fn open(&self, setup: Setup) -> Result<Box<dyn Session>, ConnectError> {
        let config = &self.config;
        let place = self.connector.place();
        let opening = async {
            let mut socket = self.connector.connect(config.connect_timeout).await?;
            let formats = opening::initiate(&mut socket, &config.initiation(&setup), place).await?;
            Ok((socket, formats))
        };
        // Boxed: what it holds across its waits is large, and this is once a call.
        let opened = tokio::time::timeout(config.connect_timeout, Box::pin(opening)).await;
        let (socket, formats) = opened.unwrap_or_else(|_| {
            let limit_ms = config.connect_timeout.as_millis();
            let what = format!("ElevenLabs did not begin the conversation within {limit_ms} ms");
            let message = failure::plain(FailureKind::Transient, &what, place);
            Err(ConnectError {
                kind: FailureKind::Transient,
                message,
            })
        })?;
        Ok(realtime::open(
            "ElevenLabs",
            socket,
            Conversation::new(formats, config, place.clone(), &setup),
            formats.rates(),
            config.bounds(),
            self.counts.clone(),
        ))
    }
}

impl Engine for ElevenLabs {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Engine,
            interruptions: By::Engine,
            verbatim: false,
            truncation: false,
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        self.open(setup).boxed()
    }
}
