//! Which provider, and how it is to be asked.

use super::link::{Command, Link, run};
use super::wire::Wire;
use super::{Listener, LiveTranscriber, deepgram, scribe};
use crate::realtime::Dialler;
use crate::service::{Access, Failure, Limit, Service, ServiceError};
use crate::stt::SttError;
use futures_util::future::{BoxFuture, FutureExt, ready};
use secretary::Language;
use std::sync::Arc;
use std::task::{Context, Poll, ready as ready_or_pending};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

/// Pieces of sound that may wait for the connection, of 20 ms each as a rule: half a minute.
const WAITING: usize = 1_500;

/// Partial results that may wait; a listener who does not ask misses the rest, and the next says more.
const PARTIALS: usize = 16;

/// A provider that finds words while they are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveVendor {
    /// Deepgram `/v1/listen`.
    Deepgram,
    /// ElevenLabs Scribe realtime.
    ElevenLabs,
}

impl LiveVendor {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Deepgram, Self::ElevenLabs];

    /// Its name in a configuration's `kind`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deepgram => "deepgram",
            Self::ElevenLabs => "elevenlabs",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }

    /// Its public address.
    pub const fn url(self) -> &'static str {
        match self {
            Self::Deepgram => "https://api.deepgram.com",
            Self::ElevenLabs => "https://api.elevenlabs.io",
        }
    }

    /// The model where none is configured.
    pub const fn model(self) -> &'static str {
        match self {
            Self::Deepgram => "nova-3",
            Self::ElevenLabs => "scribe_v2_realtime",
        }
    }

    fn wire(self) -> &'static dyn Wire {
        match self {
            Self::Deepgram => &deepgram::Deepgram,
            Self::ElevenLabs => &scribe::Scribe,
        }
    }
}

/// What a [`LiveService`] is told.
#[derive(Debug, Clone)]
pub struct LiveConfig {
    /// The provider.
    pub vendor: LiveVendor,
    /// Where it is (an http or https address, which becomes ws or wss), and the key.
    pub access: Access,
    /// The model.
    pub model: String,
    /// How long the words may take once the turn is over, a connection that has still to be opened included.
    pub timeout: Duration,
    /// How long a connection may be idle before it is told that it is still wanted.
    pub keepalive: Duration,
}

impl LiveConfig {
    /// The provider's usual model; the words within 1.5 s of the end of a turn; a sign of life after 4 s (Deepgram closes after 10).
    pub fn new(vendor: LiveVendor, access: Access) -> Self {
        Self {
            vendor,
            access,
            model: vendor.model().into(),
            timeout: Duration::from_millis(1_500),
            keepalive: Duration::from_secs(4),
        }
    }
}

/// Finds words through a provider, while they are spoken.
pub struct LiveService {
    service: Service,
    dialler: Dialler,
    config: LiveConfig,
}

impl LiveService {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the address, the key or the model is missing or cannot be used, or TLS cannot be set up.
    pub fn new(config: LiveConfig) -> Result<Self, ServiceError> {
        let missing = |setting, remedy| ServiceError::Missing {
            table: config.access.table.clone(),
            setting,
            remedy,
        };
        if config.model.is_empty() {
            return Err(missing("model", "name a streaming model of the service"));
        }
        if config.access.api_key.is_none() {
            return Err(missing("api_key", "this service answers nobody without one"));
        }
        let key = config.vendor.wire().key();
        let service = Service::new(&config.access, key, "model", config.vendor.url())?;
        let dialler = Dialler::new().map_err(|error| ServiceError::Client {
            table: config.access.table.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            service,
            dialler,
            config,
        })
    }
}

impl LiveTranscriber for LiveService {
    fn listen(&self, language: Language, hint: &Arc<str>) -> Box<dyn Listener> {
        let (commands, receiver) = mpsc::channel(WAITING);
        let (partials, heard) = mpsc::channel(PARTIALS);
        let wire = self.config.vendor.wire();
        let link = Link {
            service: self.service.clone(),
            dialler: self.dialler.clone(),
            url: wire.url(&self.service, &self.config.model, language, hint),
            wire,
            connect_timeout: self.config.access.connect_timeout,
            keepalive: self.config.keepalive,
            partials,
        };
        Box::new(Ear {
            commands,
            partials: heard,
            turn: 0,
            timeout: self.config.timeout,
            service: self.service.clone(),
            _task: AbortOnDropHandle::new(tokio::spawn(run(link, receiver))),
        })
    }
}

/// A call's end of the connection.
struct Ear {
    commands: mpsc::Sender<Command>,
    /// What a turn, by its number, sounds like so far.
    partials: mpsc::Receiver<(u64, String)>,
    turn: u64,
    timeout: Duration,
    service: Service,
    _task: AbortOnDropHandle<()>,
}

impl Listener for Ear {
    fn is_charged(&self) -> bool {
        true
    }

    fn begin(&mut self) {
        self.turn += 1;
        // Full only where the connection takes nothing any more: then the words fail, too.
        let _ = self.commands.try_send(Command::Begin(self.turn));
    }

    fn hear(&mut self, samples: &[i16]) {
        let _ = self.commands.try_send(Command::Sound(samples.to_vec()));
    }

    fn words(&mut self) -> BoxFuture<'static, Result<String, SttError>> {
        let limit = Limit::from_now(self.timeout, "words");
        let slow = self.service.place().slow(limit);
        let (reply, words) = oneshot::channel();
        if self
            .commands
            .try_send(Command::Words {
                reply,
                until: limit.until,
                slow: slow.clone(),
            })
            .is_err()
        {
            return ready(Err(slow.into())).boxed();
        }
        async move {
            // The task answers by itself in time, with what it has; it may also hang in a connection that takes nothing.
            let spare = limit.until + Duration::from_millis(200);
            match tokio::time::timeout_at(spare, words).await {
                Ok(Ok(found)) => found.map_err(SttError::Service),
                Ok(Err(_)) | Err(_) => Err(SttError::Service(slow)),
            }
        }
        .boxed()
    }

    fn poll_partial(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        loop {
            match ready_or_pending!(self.partials.poll_recv(cx)) {
                Some((turn, words)) if turn == self.turn => return Poll::Ready(words),
                // Of a turn that is over.
                Some(_) => {}
                None => return Poll::Pending,
            }
        }
    }
}

/// What words are found, or why none.
pub(super) type Found = Result<String, Failure>;
