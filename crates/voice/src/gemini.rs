//! The Gemini Live API.
//!
//! The server hears the caller, cuts his turns, answers at once and stops by itself when he speaks into an answer; it cannot be
//! told what of an answer was heard, nor to say a text word for word. A connection lasts about ten minutes: before it ends the
//! server says so, and the next one goes on with this one's memory by a handle, or, where that fails, with what was said.
//!
//! Inside, `conversation` is the protocol without a socket.

mod config;
mod conversation;
mod failure;
mod protocol;
mod usage;

pub use config::Config;

use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::realtime::{self, Address, Counts, Door, DoorError, Rates};
use crate::service::KeyHeader;
use audio::SampleRate;
use call::{By, Capabilities};
use conversation::Conversation;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The rate of the answers' audio, in both generations of models.
const OUTPUT: SampleRate = SampleRate::HZ_24000;

/// What an address looks like.
const EXAMPLE: &str = "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

/// The engine, shared by all calls.
#[derive(Debug)]
pub struct Gemini {
    config: Arc<Config>,
    door: Door,
    counts: Arc<Counts>,
}

impl Gemini {
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
            settings: "model and voice",
        };
        let door = Door::new(address, KeyHeader::Named("x-goog-api-key"), &config.key)?;
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
            input: input_rate(setup.rate),
            output: OUTPUT,
        };
        let conversation = Conversation::new(&self.config, self.door.place().clone(), &setup, rates.input);
        Ok(realtime::open(
            "Gemini",
            socket,
            conversation,
            rates,
            self.config.bounds(),
            self.counts.clone(),
        ))
    }
}

/// The API takes any rate that a piece of audio names and hears at 16 kHz, so a leg of 8 kHz needs no conversion of ours.
fn input_rate(leg: SampleRate) -> SampleRate {
    leg.min(SampleRate::HZ_16000)
}

impl Engine for Gemini {
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
