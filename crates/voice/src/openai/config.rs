//! What an operator configures of the engine, and what the server is told of it.

use super::RATE;
use super::protocol::{
    self, AudioConfig, AudioFormat, AudioInput, AudioOutput, SessionConfig, Tool, Transcription,
};
use crate::ApiKey;
use crate::engine::{Setup, ToolSpec};
use crate::realtime::{Bounds, instructions};
use std::time::Duration;

/// The engine's configuration.
#[derive(Debug, Clone)]
pub struct Config {
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
    /// How long connecting, and then configuring, may take.
    pub connect_timeout: Duration,
    /// How long the server may send nothing at all, not even the pong to a ping, before it is given up.
    pub silence_limit: Duration,
    /// How much audio of answers may wait for the driver before the answer is cancelled.
    pub hold: Duration,
}

impl Config {
    /// The defaults, with this key.
    pub fn new(key: ApiKey) -> Self {
        Self {
            url: "wss://api.openai.com/v1/realtime".into(),
            model: "gpt-realtime-2.1".into(),
            key,
            voice: "marin".into(),
            transcription_model: "gpt-transcribe".into(),
            turn_detection: TurnDetection::ServerVad,
            connect_timeout: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            hold: Duration::from_secs(300),
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

    pub(super) fn session(&self, setup: &Setup) -> SessionConfig {
        let format = || AudioFormat {
            r#type: "audio/pcm",
            rate: RATE.hz(),
        };
        let secretary = &setup.secretary;
        let voice = [&secretary.voice, &self.voice]
            .into_iter()
            .find(|v| !v.is_empty())
            .cloned();
        let transcription = Transcription {
            model: self.transcription_model.clone(),
            language: secretary.language.code(),
        };
        SessionConfig {
            r#type: "realtime",
            instructions: instructions(secretary),
            output_modalities: ["audio"],
            audio: AudioConfig {
                input: AudioInput {
                    format: format(),
                    transcription,
                    turn_detection: self.turn_detection.wire(),
                },
                output: AudioOutput {
                    format: format(),
                    voice,
                },
            },
            tools: setup.tools.iter().map(tool).collect(),
            tool_choice: "auto",
        }
    }
}

fn tool(spec: &ToolSpec) -> Tool {
    Tool {
        r#type: "function",
        name: spec.name.clone(),
        description: spec.description.clone(),
        parameters: spec.parameters.clone(),
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

impl TurnDetection {
    fn wire(self) -> protocol::TurnDetection {
        let kind = match self {
            Self::ServerVad => "server_vad",
            Self::SemanticVad => "semantic_vad",
        };
        protocol::TurnDetection {
            r#type: kind,
            create_response: false,
            interrupt_response: false,
        }
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is no key, or one with characters that no header may have.
    #[error(
        "openai.api_key is empty or has characters that no key has; set it to a key of your OpenAI project"
    )]
    Key,
    /// The URL is none.
    #[error("openai.url {0:?} is not a WebSocket URL; wss://api.openai.com/v1/realtime is one")]
    Url(String),
    /// The model cannot be put into the URL.
    #[error("openai.model {0:?} is not the name of a model; gpt-realtime-2.1 is one")]
    Model(String),
    /// TLS is not to be had.
    #[error("TLS cannot be set up: {0}; use a build whose rustls has the provider ring")]
    Tls(String),
}
