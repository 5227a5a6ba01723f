//! The events of the Voice Agent API that this adapter sends and reads, as `deepgram.agent.v1.types` of the PyPI package
//! `deepgram-sdk` 7.17 describes them. Of what the server sends only the fields that are needed are required.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What the client sends, besides audio and [`Settings`].
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum ClientEvent {
    KeepAlive,
    InjectAgentMessage {
        message: String,
        behavior: &'static str,
    },
    InjectUserMessage {
        content: String,
    },
    FunctionCallResponse {
        id: String,
        name: String,
        content: String,
    },
}

/// What a session begins with. A field that the server does not know ends it.
#[derive(Debug, Serialize)]
pub(super) struct Settings {
    pub(super) r#type: &'static str,
    pub(super) flags: Flags,
    pub(super) audio: Audio,
    pub(super) agent: Agent,
}

#[derive(Debug, Serialize)]
pub(super) struct Flags {
    /// Whether the server says everything again for the record.
    pub(super) history: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Audio {
    pub(super) input: Format,
    pub(super) output: Output,
}

#[derive(Debug, Serialize)]
pub(super) struct Format {
    pub(super) encoding: &'static str,
    pub(super) sample_rate: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Output {
    pub(super) encoding: &'static str,
    pub(super) sample_rate: u32,
    pub(super) container: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Agent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<Context>,
    pub(super) listen: Listen,
    pub(super) think: Think,
    pub(super) speak: Speak,
}

#[derive(Debug, Serialize)]
pub(super) struct Context {
    pub(super) messages: Vec<History>,
}

#[derive(Debug, Serialize)]
pub(super) struct History {
    pub(super) r#type: &'static str,
    pub(super) role: Role,
    pub(super) content: String,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Assistant,
    #[serde(other)]
    Other,
}

#[derive(Debug, Serialize)]
pub(super) struct Listen {
    pub(super) provider: ListenProvider,
}

#[derive(Debug, Serialize)]
pub(super) struct ListenProvider {
    pub(super) version: &'static str,
    pub(super) r#type: &'static str,
    pub(super) model: String,
    pub(super) language: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Think {
    pub(super) provider: ThinkProvider,
    pub(super) prompt: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) functions: Vec<Function>,
}

#[derive(Debug, Serialize)]
pub(super) struct ThinkProvider {
    pub(super) r#type: String,
    pub(super) model: String,
}

/// A function without an endpoint is the client's.
#[derive(Debug, Serialize)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) parameters: Value,
}

#[derive(Debug, Serialize)]
pub(super) struct Speak {
    pub(super) provider: SpeakProvider,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) endpoint: Option<Endpoint>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum SpeakProvider {
    Deepgram {
        model: String,
    },
    ElevenLabs {
        model_id: String,
        language: &'static str,
    },
    OpenAi {
        model: String,
        voice: String,
    },
}

/// Where a voice is that is not Deepgram's own, with the key for it.
#[derive(Serialize)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) headers: BTreeMap<&'static str, String>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What the server sends, besides audio.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum ServerEvent {
    Welcome,
    SettingsApplied,
    UserStartedSpeaking,
    ConversationText {
        role: Role,
        content: String,
    },
    AgentThinking,
    AgentStartedSpeaking,
    AgentAudioDone,
    FunctionCallRequest {
        functions: Vec<FunctionCall>,
    },
    FunctionCallCancelled {
        functions: Vec<Cancelled>,
    },
    InjectionRefused,
    Error(Complaint),
    Warning(Complaint),
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct FunctionCall {
    pub(super) id: String,
    pub(super) name: String,
    /// JSON in a text.
    #[serde(default)]
    pub(super) arguments: String,
    /// The server calls the others itself.
    #[serde(default)]
    pub(super) client_side: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cancelled {
    pub(super) id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Complaint {
    pub(super) code: String,
    pub(super) description: String,
}
