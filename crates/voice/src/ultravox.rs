//! Ultravox, by WebSocket (docs.ultravox.ai, "WebSocket Integration" and "Protocol & Data Messages").
//!
//! A call is made by REST with everything that it needs, and joined at the address that the answer names. Audio is binary and has the
//! leg's own rate in both directions, so nothing is resampled. The agent hears, answers and interrupts by itself; since it sends audio
//! far ahead of what is heard (`clientBufferSizeMs`), `playback_clear_buffer` tells when that is void.
//!
//! Inside, `conversation` is the protocol without a socket.

mod config;
mod connect;
mod conversation;
mod events;
mod failure;

pub use config::{Config, ConfigError};

use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::realtime::{self, Counts, Rates};
use call::{By, Capabilities};
use connect::Connector;
use conversation::Conversation;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The engine, shared by all calls.
#[derive(Debug)]
pub struct Ultravox {
    config: Arc<Config>,
    connector: Connector,
    counts: Arc<Counts>,
}

impl Ultravox {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the URL or the key cannot be put into a request, or the model is empty.
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
        let (socket, longest) = self.connector.connect(config, &setup).await?;
        let rates = Rates {
            input: setup.rate,
            output: setup.rate,
        };
        Ok(realtime::open(
            "Ultravox",
            socket,
            Conversation::new(longest, self.connector.place().clone()),
            rates,
            config.bounds(),
            self.counts.clone(),
        ))
    }
}

impl Engine for Ultravox {
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
