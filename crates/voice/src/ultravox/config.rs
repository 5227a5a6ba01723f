//! What an operator configures of the engine, and the call that is made of it.

use super::events::{
    Client, CreateCall, Medium, Message, Parameter, SelectedTool, ServerWebSocket, Speaker, TemporaryTool,
};
use crate::ApiKey;
use crate::engine::{Exchange, Setup, ToolSpec};
use crate::realtime::{Bounds, instructions};
use crate::service::{Access, ServiceError};
use call::Role;
use serde_json::Value;
use std::time::Duration;

/// How much audio the agent may send ahead, in milliseconds: what is void is told by `playback_clear_buffer`.
const AHEAD_MS: u32 = 30_000;

/// How long a tool may take: the longest that the API has.
const TOOL_TIMEOUT: &str = "40s";

/// The engine's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's name for it: its table is `engines.NAME`.
    pub name: String,
    /// The address of the API.
    pub url: String,
    /// The model.
    pub model: String,
    /// The key.
    pub key: ApiKey,
    /// The voice of secretaries that name none; empty for the API's own choice.
    pub voice: String,
    /// The longest call; the API's own default is an hour.
    pub longest: Duration,
    /// How long making a call, and then joining it, may take.
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
            name: "ultravox".into(),
            url: "https://api.ultravox.ai".into(),
            model: "ultravox-v0.7".into(),
            key,
            voice: String::new(),
            longest: Duration::from_secs(3_600),
            connect_timeout: Duration::from_secs(10),
            silence_limit: Duration::from_secs(30),
            hold: Duration::from_secs(300),
        }
    }

    pub(super) fn access(&self) -> Access {
        Access {
            api_key: Some(self.key.clone()),
            connect_timeout: self.connect_timeout,
            ..Access::new(format!("engines.{}", self.name), &self.url)
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            setup: self.connect_timeout,
            silence: self.silence_limit,
            keepalive: Duration::from_secs(10),
            hold: self.hold,
        }
    }

    pub(super) fn call(&self, setup: &Setup) -> CreateCall {
        let secretary = &setup.secretary;
        let voice = [&secretary.voice, &self.voice]
            .into_iter()
            .find(|v| !v.is_empty())
            .cloned();
        CreateCall {
            system_prompt: instructions(secretary),
            model: self.model.clone(),
            voice,
            language_hint: secretary.language.to_string(),
            initial_messages: setup.history.iter().map(message).collect(),
            max_duration: format!("{}s", self.longest.as_secs()),
            medium: Medium {
                server_web_socket: ServerWebSocket {
                    input_sample_rate: setup.rate.hz(),
                    output_sample_rate: setup.rate.hz(),
                    client_buffer_size_ms: AHEAD_MS,
                },
            },
            // The call greets.
            first_speaker_settings: Speaker::User {},
            selected_tools: setup.tools.iter().map(tool).collect(),
        }
    }
}

fn message(said: &Exchange) -> Message {
    let role = match said.role {
        Role::User => "MESSAGE_ROLE_USER",
        Role::Assistant => "MESSAGE_ROLE_AGENT",
    };
    Message {
        role,
        text: said.text.clone(),
    }
}

/// A tool as the API wants it: one parameter beside the other, each with the schema of its own.
fn tool(spec: &ToolSpec) -> SelectedTool {
    let required = spec.parameters["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let properties = spec.parameters["properties"].as_object();
    let parameter = |(name, schema): (&String, &Value)| Parameter {
        name: name.clone(),
        location: "PARAMETER_LOCATION_BODY",
        schema: schema.clone(),
        required: is_required(name),
    };
    SelectedTool {
        temporary_tool: TemporaryTool {
            model_tool_name: spec.name.clone(),
            description: spec.description.clone(),
            dynamic_parameters: properties.into_iter().flatten().map(parameter).collect(),
            timeout: TOOL_TIMEOUT,
            client: Client {},
        },
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The model is empty.
    #[error("engines.{0}.model is empty; ultravox-v0.7 is one")]
    Model(String),
    /// The address or the key is none.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// TLS is not to be had.
    #[error("TLS cannot be set up: {0}; use a build whose rustls has the provider ring")]
    Tls(String),
}
