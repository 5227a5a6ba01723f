//! OpenAI Live (`gpt-live-1`), as `openai.types.live` of the PyPI package `openai` 3.54 describes it.
//!
//! The model hears and speaks at the same time, and nothing marks where a turn or an answer begins or ends: an answer is what is said
//! between silences, a turn is over when the model acts. What it says comes in real time, so that what it has stopped saying was
//! never ahead of the caller. It delegates what needs a tool to a second model, whose calls come as events of the Responses API.

mod config;
mod conversation;
mod events;
mod speech;

pub use config::Config;

use super::ConfigError;
use super::connect::Connector;
use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::realtime::{self, Counts, Rates};
use audio::SampleRate;
use call::{By, Capabilities};
use conversation::Conversation;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The engine, shared by all calls.
#[derive(Debug)]
pub struct Live {
    config: Arc<Config>,
    connector: Connector,
    counts: Arc<Counts>,
}

impl Live {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When there is no key, or the URL or key cannot be put into a request.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let connector = Connector::to(&config.url, &config.key, config.names(), Config::URL)?;
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
        let socket = self.connector.connect(None, config.connect_timeout).await?;
        let rate = rate_for(setup.rate);
        Ok(realtime::open(
            "OpenAI Live",
            socket,
            Conversation::new(config.start(&setup, rate), rate, config.names(), config.longest),
            Rates {
                input: rate,
                output: rate,
            },
            config.bounds(),
            self.counts.clone(),
        ))
    }
}

/// PCM has 16 or 24 kHz: what a leg of 8 kHz carries fits into the first.
fn rate_for(leg: SampleRate) -> SampleRate {
    if leg <= SampleRate::HZ_16000 {
        SampleRate::HZ_16000
    } else {
        SampleRate::HZ_24000
    }
}

impl Engine for Live {
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
