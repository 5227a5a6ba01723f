//! What an operator configures of the engine, and what the server is told of it.

use super::dialect::Dialect;
use super::failure::Names;
use crate::ApiKey;
use crate::realtime::Bounds;
use std::time::Duration;

/// The engine's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's name for it: its table is `engines.NAME`.
    pub name: String,
    /// Whose API it is.
    pub dialect: Dialect,
    /// The address of the API, without the model.
    pub url: String,
    /// The model that listens and speaks.
    pub model: String,
    /// The key.
    pub key: ApiKey,
    /// The voice of secretaries that name none; empty for the API's own choice.
    pub voice: String,
    /// The model that writes down the caller's words. (`gpt-realtime-whisper` cannot: it allows no turn detection.)
    pub transcription_model: String,
    /// How the server finds the end of a turn.
    pub turn_detection: TurnDetection,
    /// The longest session that the provider allows.
    pub longest: Duration,
    /// How long connecting, and then configuring, may take.
    pub connect_timeout: Duration,
    /// How long the server may send nothing at all, not even the pong to a ping, before it is given up.
    pub silence_limit: Duration,
    /// How much audio of answers may wait for the driver before the answer is cancelled.
    pub hold: Duration,
}

impl Config {
    /// The defaults of OpenAI itself, with this key.
    pub fn new(key: ApiKey) -> Self {
        Self::of("openai", Dialect::OpenAi, key)
    }

    /// The defaults of a dialect, with this key. Azure's `url` must be set to that of the resource.
    pub fn of(name: impl Into<String>, dialect: Dialect, key: ApiKey) -> Self {
        Self {
            name: name.into(),
            dialect,
            url: dialect.url().into(),
            model: dialect.model().into(),
            key,
            voice: dialect.voice().into(),
            transcription_model: dialect.transcription_model().into(),
            turn_detection: TurnDetection::ServerVad,
            longest: dialect.longest(),
            connect_timeout: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            hold: Duration::from_secs(300),
        }
    }

    pub(super) fn names(&self) -> Names {
        Names {
            dialect: self.dialect,
            table: format!("engines.{}", self.name),
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            setup: self.connect_timeout,
            silence: self.silence_limit,
            // Pings are enough for this API.
            keepalive: Duration::MAX,
            hold: self.hold,
        }
    }
}

/// How the server finds the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TurnDetection {
    /// By silence, 500 ms of it.
    #[default]
    ServerVad,
    /// By what was said, with up to 4 s of patience.
    SemanticVad,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is no key, or one with characters that no header may have.
    #[error("{table}.api_key is empty or has characters that no key has; set it to a key of your project")]
    Key {
        /// The table of the configuration.
        table: String,
    },
    /// The URL is none.
    #[error("{table}.url {url:?} is not a WebSocket URL; {example} is one")]
    Url {
        /// The table of the configuration.
        table: String,
        /// As given, without what may be a password.
        url: String,
        /// What would be right.
        example: &'static str,
    },
    /// The model cannot be put into the URL.
    #[error("{table}.model {model:?} is not the name of a model; {example} is one")]
    Model {
        /// The table of the configuration.
        table: String,
        /// As given.
        model: String,
        /// What would be right.
        example: &'static str,
    },
    /// TLS is not to be had.
    #[error("TLS cannot be set up: {0}; use a build whose rustls has the provider ring")]
    Tls(String),
}
