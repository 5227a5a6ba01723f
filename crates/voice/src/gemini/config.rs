//! What an operator configures of the engine, and what the server is told of it.

use super::EXAMPLE;
use super::protocol::{
    ActivityDetection, Declaration, GenerationConfig, HistoryConfig, Nothing, PrebuiltVoice,
    RealtimeInputConfig, Resumption, Role, Said, SetUp, SlidingWindow, SpeechConfig, Text, ToolBox,
    VoiceConfig,
};
use crate::ApiKey;
use crate::engine::{Setup, ToolSpec};
use crate::realtime::{Bounds, instructions};
use std::time::Duration;

/// The engine's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's name for the engine.
    pub name: String,
    /// The address of the API.
    pub url: String,
    /// The model that listens and speaks.
    pub model: String,
    /// The key.
    pub key: ApiKey,
    /// The voice of secretaries that name none; empty for the API's own choice.
    pub voice: String,
    /// How much silence ends the caller's turn; none for the API's own choice.
    pub turn_silence: Option<Duration>,
    /// How long connecting, and then configuring, may take.
    pub connect_timeout: Duration,
    /// How long the server may send nothing at all, not even the pong to a ping, before it is given up.
    pub silence_limit: Duration,
    /// How much audio of answers may wait for the driver before the answer is cancelled.
    pub hold: Duration,
    /// After how long a connection is renewed of which the server has not said that it ends. (Connections that outlived `goAway`
    /// were seen to end at 58 minutes without a word.)
    pub renewal: Duration,
}

impl Config {
    /// The defaults, with this key.
    pub fn new(key: ApiKey) -> Self {
        Self {
            name: "gemini".into(),
            url: EXAMPLE.into(),
            model: "gemini-3.8-live".into(),
            key,
            voice: String::new(),
            turn_silence: None,
            connect_timeout: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            hold: Duration::from_secs(300),
            renewal: Duration::from_mins(55),
        }
    }

    pub(super) fn table(&self) -> String {
        format!("engines.{}", self.name)
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

    pub(super) fn set_up(&self, setup: &Setup) -> SetUp {
        let secretary = &setup.secretary;
        let voice = [&secretary.voice, &self.voice]
            .into_iter()
            .find(|v| !v.is_empty())
            .cloned();
        let functions: Vec<Declaration> = setup.tools.iter().map(declaration).collect();
        let remembers = setup.resume.is_none() && !setup.history.is_empty();
        SetUp {
            model: match self.model.contains('/') {
                true => self.model.clone(),
                false => format!("models/{}", self.model),
            },
            generation_config: GenerationConfig {
                response_modalities: ["AUDIO"],
                speech_config: voice.map(|voice_name| SpeechConfig {
                    voice_config: VoiceConfig {
                        prebuilt_voice_config: PrebuiltVoice { voice_name },
                    },
                }),
            },
            system_instruction: Said {
                role: Role::User,
                parts: [Text {
                    text: instructions(secretary),
                }],
            },
            tools: match functions.is_empty() {
                true => Vec::new(),
                false => vec![ToolBox {
                    function_declarations: functions,
                }],
            },
            realtime_input_config: self.turn_silence.map(|silence| RealtimeInputConfig {
                automatic_activity_detection: ActivityDetection {
                    silence_duration_ms: u32::try_from(silence.as_millis()).unwrap_or(u32::MAX),
                },
            }),
            input_audio_transcription: Nothing {},
            output_audio_transcription: Nothing {},
            session_resumption: Resumption {
                handle: setup.resume.clone(),
            },
            context_window_compression: SlidingWindow {
                sliding_window: Nothing {},
            },
            history_config: remembers.then_some(HistoryConfig {
                initial_history_in_client_content: true,
            }),
        }
    }
}

/// The model waits for what comes of a tool: it would say beforehand that it is done.
fn declaration(spec: &ToolSpec) -> Declaration {
    Declaration {
        name: spec.name.clone(),
        description: spec.description.clone(),
        parameters_json_schema: spec.parameters.clone(),
        behavior: "BLOCKING",
    }
}
