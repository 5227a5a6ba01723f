//! What an operator configures of the engine, and what the server is told of it.

use super::events::{Audio, Delegation, Format, InitialItem, Output, Responses, SessionConfig, Text, Tool};
use crate::ApiKey;
use crate::engine::{Exchange, Setup, ToolSpec};
use crate::openai::dialect::Dialect;
use crate::openai::failure::Names;
use crate::realtime::{Bounds, instructions};
use audio::SampleRate;
use call::Role;
use std::time::Duration;

/// The most messages that a session takes of what was said before.
const HISTORY: usize = 128;

/// The engine's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's name for it: its table is `engines.NAME`.
    pub name: String,
    /// The address of the API.
    pub url: String,
    /// The model that listens and speaks.
    pub model: String,
    /// The model that it delegates to, which uses the tools.
    pub delegate: String,
    /// The key.
    pub key: ApiKey,
    /// The voice of secretaries that name none; empty for the API's own choice.
    pub voice: String,
    /// The longest session, where the server does not say that it is shorter.
    pub longest: Duration,
    /// How long connecting, and then configuring, may take.
    pub connect_timeout: Duration,
    /// How long the server may send nothing at all, not even the pong to a ping, before it is given up.
    pub silence_limit: Duration,
    /// How much audio of answers may wait for the driver before the answer is cancelled.
    pub hold: Duration,
}

impl Config {
    /// OpenAI's own address.
    pub(super) const URL: &'static str = "wss://api.openai.com/v1/live/sessions";

    /// The defaults, with this key.
    pub fn new(key: ApiKey) -> Self {
        Self {
            name: "openai-live".into(),
            url: Self::URL.into(),
            model: "gpt-live-1".into(),
            delegate: "gpt-5.5".into(),
            key,
            voice: "marin".into(),
            longest: Duration::from_secs(3_600),
            connect_timeout: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            hold: Duration::from_secs(300),
        }
    }

    pub(super) fn names(&self) -> Names {
        Names {
            dialect: Dialect::OpenAi,
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

    pub(super) fn start(&self, setup: &Setup, rate: SampleRate) -> SessionConfig {
        let secretary = &setup.secretary;
        let voice = [&secretary.voice, &self.voice]
            .into_iter()
            .find(|v| !v.is_empty())
            .cloned();
        let instructions = instructions(secretary);
        let skipped = setup.history.len().saturating_sub(HISTORY);
        SessionConfig {
            model: self.model.clone(),
            instructions: instructions.clone(),
            audio: Audio {
                format: Format::pcm(rate),
                output: Output { voice },
            },
            delegation: Delegation {
                r#type: "responses",
                responses: Responses {
                    model: self.delegate.clone(),
                    instructions,
                    tools: setup.tools.iter().map(tool).collect(),
                },
            },
            input: setup.history.iter().skip(skipped).map(item).collect(),
        }
    }
}

fn item(said: &Exchange) -> InitialItem {
    let (role, kind) = match said.role {
        Role::User => ("user", "input_text"),
        Role::Assistant => ("assistant", "output_text"),
    };
    InitialItem {
        r#type: "message",
        role,
        content: [Text {
            r#type: kind,
            text: said.text.clone(),
        }],
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
