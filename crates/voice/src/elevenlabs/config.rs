//! What an operator configures of the engine, and what a conversation sets otherwise than its agent.

use super::events::{AgentOverride, ClientEvent, ConfigOverride, PromptOverride, VoiceOverride};
use crate::ApiKey;
use crate::engine::Setup;
use crate::realtime::{Bounds, instructions, with_history};
use crate::service::{Access, ServiceError};
use std::time::Duration;

/// The engine's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's name for it: its table is `engines.NAME`.
    pub name: String,
    /// The address of the API.
    pub url: String,
    /// The agent's id.
    pub agent: String,
    /// The key; an agent that is public needs none.
    pub key: Option<ApiKey>,
    /// The voice (its id) of secretaries that name none; empty for the agent's own.
    pub voice: String,
    /// What a conversation sets otherwise than the agent. Each must be allowed in the agent's security settings.
    pub overrides: Vec<Override>,
    /// The agent's longest conversation ("Max conversation duration").
    pub longest: Duration,
    /// How long connecting and configuring may take.
    pub connect_timeout: Duration,
    /// How long the server may send nothing at all, not even the pong to a ping, before it is given up.
    pub silence_limit: Duration,
    /// How much audio of answers may wait for the driver before the answer is cancelled.
    pub hold: Duration,
}

impl Config {
    /// The defaults for an agent: 10 minutes at most, everything but the voice set by the conversation.
    pub fn new(agent: impl Into<String>) -> Self {
        Self {
            name: "elevenlabs".into(),
            url: "https://api.elevenlabs.io".into(),
            agent: agent.into(),
            key: None,
            voice: String::new(),
            overrides: vec![Override::Prompt, Override::FirstMessage, Override::Language],
            longest: Duration::from_secs(600),
            connect_timeout: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            hold: Duration::from_secs(300),
        }
    }

    pub(super) fn access(&self) -> Access {
        Access {
            api_key: self.key.clone(),
            connect_timeout: self.connect_timeout,
            ..Access::new(format!("engines.{}", self.name), &self.url)
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            setup: self.connect_timeout,
            silence: self.silence_limit,
            // Shorter than the least turn timeout of an agent, after which it speaks again.
            keepalive: Duration::from_secs(3),
            hold: self.hold,
        }
    }

    fn sets(&self, part: Override) -> bool {
        self.overrides.contains(&part)
    }

    /// What a conversation begins with.
    pub(super) fn initiation(&self, setup: &Setup) -> ClientEvent {
        let secretary = &setup.secretary;
        let voice = [&secretary.voice, &self.voice]
            .into_iter()
            .find(|v| !v.is_empty() && self.sets(Override::Voice))
            .cloned();
        let prompt = self.sets(Override::Prompt).then(|| PromptOverride {
            prompt: with_history(instructions(secretary), &setup.history),
        });
        ClientEvent::ConversationInitiationClientData {
            conversation_config_override: ConfigOverride {
                agent: AgentOverride {
                    prompt,
                    // The call greets: the agent waits for the caller.
                    first_message: self.sets(Override::FirstMessage).then(String::new),
                    language: self
                        .sets(Override::Language)
                        .then(|| secretary.language.code().to_owned()),
                },
                tts: voice.map(|voice_id| VoiceOverride { voice_id }),
            },
        }
    }

    /// What an agent whose prompt may not be set otherwise must be told of the call all the same.
    pub(super) fn context(&self, setup: &Setup) -> Option<String> {
        if self.sets(Override::Prompt) {
            return None;
        }
        let greeting = &setup.secretary.greeting.text;
        let mut text = String::new();
        if !greeting.is_empty() {
            text = format!(
                "The caller has already been greeted with these words; do not greet again: {greeting}"
            );
        }
        Some(with_history(text, &setup.history)).filter(|text| !text.is_empty())
    }
}

/// A part of the agent's configuration that a conversation may set otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// The instructions: the secretary's own.
    Prompt,
    /// What is said first: nothing, since the call greets.
    FirstMessage,
    /// The language: the secretary's.
    Language,
    /// The voice: the secretary's, or [`Config::voice`].
    Voice,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The agent is none.
    #[error(
        "engines.{name}.agent {agent:?} is not the id of an agent; agent_01jxyz… is what the agent's page shows"
    )]
    Agent {
        /// The operator's name for the engine.
        name: String,
        /// As given.
        agent: String,
    },
    /// The address or the key is none.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// TLS is not to be had.
    #[error("TLS cannot be set up: {0}; use a build whose rustls has the provider ring")]
    Tls(String),
}
