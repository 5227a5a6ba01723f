//! The Deepgram Voice Agent API.
//!
//! The server hears the caller, cuts his turns, has a model of the operator's choice answer, and stops by itself when he speaks
//! into an answer; it cannot be told what of an answer was heard. It does say a text word for word, in the same voice. A session
//! lasts two hours at most and is not taken up again: the next one is told what was said.
//!
//! Inside, `conversation` is the protocol without a socket.

mod config;
mod conversation;
mod failure;
mod protocol;
mod voices;

pub use config::Config;
pub use voices::{OtherVoice, VoiceVendor};

use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::realtime::{self, Address, Counts, Door, DoorError, Rates};
use crate::service::KeyHeader;
use audio::SampleRate;
use call::{By, Capabilities};
use conversation::Conversation;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What an address looks like.
const EXAMPLE: &str = "wss://agent.deepgram.com/v1/agent/converse";

/// The engine, shared by all calls.
#[derive(Debug)]
pub struct Deepgram {
    config: Arc<Config>,
    door: Door,
    counts: Arc<Counts>,
}

impl Deepgram {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When there is no key, or the URL or key cannot be put into a request.
    pub fn new(config: Config) -> Result<Self, DoorError> {
        let table = config.table();
        let address = Address {
            table: &table,
            url: &config.url,
            example: EXAMPLE,
            settings: "model, voice and listen_model",
        };
        let door = Door::new(address, KeyHeader::Token, &config.key)?;
        Ok(Self {
            config: Arc::new(config),
            door,
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
        let socket = self.door.open(self.config.connect_timeout).await?;
        let rates = Rates {
            input: setup.rate,
            output: output_rate(setup.rate),
        };
        let conversation = Conversation::new(&self.config, self.door.place().clone(), &setup, rates);
        Ok(realtime::open(
            "Deepgram",
            socket,
            conversation,
            rates,
            self.config.bounds(),
            self.counts.clone(),
        ))
    }
}

/// The leg's rate, where the API speaks at it: its raw audio has 8, 16, 24, 32 or 48 kHz. Any rate is heard.
fn output_rate(leg: SampleRate) -> SampleRate {
    match leg.hz() {
        40_000 => SampleRate::HZ_48000,
        _ => leg,
    }
}

impl Engine for Deepgram {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Engine,
            interruptions: By::Engine,
            verbatim: true,
            truncation: false,
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        self.open(setup).boxed()
    }
}
