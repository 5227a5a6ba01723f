//! What an operator configures of the engine, and what the server is told of it.

use super::EXAMPLE;
use super::protocol::{
    Agent, Audio, Context, Flags, Format, Function, History, Listen, ListenProvider, Output, Role, Settings,
    Speak, SpeakProvider, Think, ThinkProvider,
};
use super::voices::OtherVoice;
use crate::ApiKey;
use crate::engine::{Exchange, Setup, ToolSpec};
use crate::realtime::{Bounds, Rates, instructions};
use secretary::Language;
use std::time::Duration;

/// The engine's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's name for the engine.
    pub name: String,
    /// The address of the API.
    pub url: String,
    /// The key.
    pub key: ApiKey,
    /// The model that listens.
    pub listen_model: String,
    /// Whose model answers: `open_ai`, `anthropic`, `google`, `groq`, `aws_bedrock` or `deepgram`.
    pub think_provider: String,
    /// The model that answers.
    pub model: String,
    /// The voice of secretaries that name none: one of Deepgram's models that speak, such as `aura-2-thalia-en`.
    pub voice: String,
    /// A voice of another provider, which then speaks for all secretaries: Deepgram's own speak no Portuguese.
    pub other_voice: Option<OtherVoice>,
    /// How long connecting, and then configuring, may take.
    pub connect_timeout: Duration,
    /// How long the server may send nothing at all, not even the pong to a ping, before it is given up.
    pub silence_limit: Duration,
    /// After how long without anything sent the session is kept alive. The server ends one in which nothing comes for ten seconds;
    /// its documentation asks for a sign every eight.
    pub keepalive: Duration,
    /// How much audio of answers may wait for the driver before the answer is cancelled.
    pub hold: Duration,
    /// How long a session lasts.
    pub session_limit: Duration,
    /// How long before that another is to be opened in its place.
    pub renewal: Duration,
}

impl Config {
    /// The defaults, with this key.
    pub fn new(key: ApiKey) -> Self {
        Self {
            name: "deepgram".into(),
            url: EXAMPLE.into(),
            key,
            listen_model: "nova-3".into(),
            think_provider: "open_ai".into(),
            model: "gpt-4o-mini".into(),
            voice: "aura-2-thalia-en".into(),
            other_voice: None,
            connect_timeout: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            keepalive: Duration::from_secs(8),
            hold: Duration::from_secs(300),
            session_limit: Duration::from_hours(2),
            renewal: Duration::from_mins(5),
        }
    }

    pub(super) fn table(&self) -> String {
        format!("engines.{}", self.name)
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            setup: self.connect_timeout,
            silence: self.silence_limit,
            keepalive: self.keepalive,
            hold: self.hold,
        }
    }

    pub(super) fn settings(&self, setup: &Setup, rates: Rates) -> Settings {
        let secretary = &setup.secretary;
        Settings {
            r#type: "Settings",
            flags: Flags { history: false },
            audio: Audio {
                input: Format {
                    encoding: "linear16",
                    sample_rate: rates.input.hz(),
                },
                output: Output {
                    encoding: "linear16",
                    sample_rate: rates.output.hz(),
                    container: "none",
                },
            },
            agent: Agent {
                context: (!setup.history.is_empty()).then(|| Context {
                    messages: setup.history.iter().map(history).collect(),
                }),
                listen: Listen {
                    provider: ListenProvider {
                        version: "v1",
                        r#type: "deepgram",
                        model: self.listen_model.clone(),
                        language: secretary.language.tag(),
                    },
                },
                think: Think {
                    provider: ThinkProvider {
                        r#type: self.think_provider.clone(),
                        model: self.model.clone(),
                    },
                    prompt: instructions(secretary),
                    functions: setup.tools.iter().map(function).collect(),
                },
                speak: self.speak(&secretary.voice, secretary.language),
            },
        }
    }

    fn speak(&self, voice: &str, language: Language) -> Speak {
        if let Some(other) = &self.other_voice {
            return other.speak(voice, language);
        }
        let voice = if voice.is_empty() { &self.voice } else { voice };
        Speak {
            provider: SpeakProvider::Deepgram {
                model: voice.to_owned(),
            },
            endpoint: None,
        }
    }
}

fn function(spec: &ToolSpec) -> Function {
    Function {
        name: spec.name.clone(),
        description: spec.description.clone(),
        parameters: spec.parameters.clone(),
    }
}

fn history(exchange: &Exchange) -> History {
    History {
        r#type: "History",
        role: match exchange.role {
            call::Role::User => Role::User,
            call::Role::Assistant => Role::Assistant,
        },
        content: exchange.text.clone(),
    }
}
