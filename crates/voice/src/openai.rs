//! The OpenAI Realtime API (GA), and those that are like it ([`Dialect`]).
//!
//! The server hears the caller and cuts his turns. With OpenAI the call decides when to answer and what interrupts, so the session is
//! configured with `create_response` and `interrupt_response` off; the others do both by themselves. The model cannot be made to say a text word for word
//! (it paraphrases, translates, or answers it), so fixed phrases are left to the call.
//!
//! Inside, `conversation` is the protocol without a socket.

mod answers;
mod config;
mod connect;
mod conversation;
mod dialect;
mod failure;
pub mod live;
mod protocol;
mod session;
mod turns;
mod usage;

pub use config::{Config, ConfigError, TurnDetection};
pub use dialect::Dialect;

use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::realtime::{self, Counts, Socket};
use audio::SampleRate;
use call::{By, Capabilities, FailureKind};
use connect::{Connector, is_plain};
use conversation::Conversation;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tracing::warn;

/// The only rate of OpenAI's PCM, in both directions.
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

    async fn open(&self, mut setup: Setup) -> Result<Box<dyn Session>, ConnectError> {
        let config = &self.config;
        let socket = self.connect_or_begin_anew(&mut setup).await?;
        Ok(realtime::open(
            config.dialect.provider(),
            socket,
            Conversation::new(config.opening(&setup)),
            config.dialect.rates(setup.rate),
            config.bounds(),
            self.counts.clone(),
        ))
    }

    /// A conversation that cannot be resumed begins anew, with what was said before.
    async fn connect_or_begin_anew(&self, setup: &mut Setup) -> Result<Socket, ConnectError> {
        let limit = self.config.connect_timeout;
        setup
            .resume
            .take_if(|id| self.config.dialect != Dialect::Xai || !is_plain(id));
        match self.connector.connect(setup.resume.as_deref(), limit).await {
            Err(error) if setup.resume.is_some() && error.kind == FailureKind::Unsupported => {
                warn!(%error, "the conversation cannot be resumed; it begins anew");
                setup.resume = None;
                self.connector.connect(None, limit).await
            }
            connected => connected,
        }
    }
}

impl Engine for OpenAi {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Engine,
            interruptions: self.config.dialect.leads(),
            verbatim: false,
            truncation: self.config.dialect.takes_back(),
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        self.open(setup).boxed()
    }
}
