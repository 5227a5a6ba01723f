//! The OpenAI Realtime API (GA).
//!
//! The server hears the caller and cuts his turns; the call decides when to answer and what interrupts, so the session is
//! configured with `create_response` and `interrupt_response` off. The model cannot be made to say a text word for word
//! (it paraphrases, translates, or answers it), so fixed phrases are left to the call.
//!
//! Inside, `conversation` is the protocol without a socket.

mod answers;
mod config;
mod connect;
mod conversation;
mod failure;
mod protocol;
mod turns;
mod usage;

pub use config::{Config, ConfigError, TurnDetection};

use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::realtime::{self, Counts, Rates};
use audio::SampleRate;
use call::{By, Capabilities};
use connect::Connector;
use conversation::Conversation;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The only rate of the API's PCM, in both directions.
const RATE: SampleRate = SampleRate::HZ_24000;

/// The engine, shared by all calls.
#[derive(Debug)]
pub struct OpenAi {
    config: Arc<Config>,
    connector: Connector,
    counts: Arc<Counts>,
}

impl OpenAi {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When there is no key, or the URL, key or model cannot be put into a request.
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

    /// How many answers were cancelled because more than [`Config::hold`] of their audio waited for the driver.
    pub fn overflows(&self) -> u64 {
        self.counts.overflows.load(Ordering::Relaxed)
    }

    async fn open(&self, setup: Setup) -> Result<Box<dyn Session>, ConnectError> {
        let socket = self.connector.connect(self.config.connect_timeout).await?;
        let rates = Rates {
            input: RATE,
            output: RATE,
        };
        let conversation = Conversation::new(self.config.session(&setup));
        Ok(realtime::open(
            "OpenAI",
            socket,
            conversation,
            rates,
            self.config.bounds(),
            self.counts.clone(),
        ))
    }
}

impl Engine for OpenAi {
    fn name(&self) -> &str {
        "openai"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Engine,
            interruptions: By::Call,
            verbatim: false,
            truncation: true,
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        self.open(setup).boxed()
    }
}
