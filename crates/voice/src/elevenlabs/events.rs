//! The events of a conversation that mean something here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What we send, audio aside: it has no type.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientEvent {
    ConversationInitiationClientData {
        conversation_config_override: ConfigOverride,
    },
    Pong {
        event_id: u64,
    },
    ClientToolResult {
        tool_call_id: String,
        result: String,
        is_error: bool,
    },
    /// Words that are answered as if they were spoken.
    UserMessage {
        text: String,
    },
    /// Words that are known and not answered.
    ContextualUpdate {
        text: String,
    },
    /// The caller is still there: the agent does not speak for want of words.
    UserActivity,
}

#[derive(Debug, Serialize)]
pub(super) struct UserAudio {
    pub(super) user_audio_chunk: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ConfigOverride {
    pub(super) agent: AgentOverride,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tts: Option<VoiceOverride>,
}

#[derive(Debug, Serialize)]
pub(super) struct AgentOverride {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt: Option<PromptOverride>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct PromptOverride {
    pub(super) prompt: String,
}

#[derive(Debug, Serialize)]
pub(super) struct VoiceOverride {
    pub(super) voice_id: String,
}

/// What the server sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerEvent {
    ConversationInitiationMetadata {
        conversation_initiation_metadata_event: Metadata,
    },
    Ping {
        ping_event: Numbered,
    },
    Audio {
        audio_event: Audio,
    },
    /// All the words of an answer, told when it begins.
    AgentResponse {
        agent_response_event: AgentResponse,
    },
    /// All of an answer has been sent (where the agent's client events have it).
    AgentResponseComplete,
    UserTranscript {
        user_transcription_event: UserTranscript,
    },
    Interruption {
        interruption_event: Numbered,
    },
    ClientToolCall {
        client_tool_call: ToolCall,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) agent_output_audio_format: String,
    #[serde(default = "default_input_format")]
    pub(super) user_input_audio_format: String,
}

/// What the agent hears where it does not say.
fn default_input_format() -> String {
    "pcm_16000".into()
}

#[derive(Debug, Deserialize)]
pub(super) struct Numbered {
    pub(super) event_id: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Audio {
    pub(super) event_id: u64,
    pub(super) audio_base_64: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct AgentResponse {
    pub(super) agent_response: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserTranscript {
    pub(super) user_transcript: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolCall {
    pub(super) tool_name: String,
    pub(super) tool_call_id: String,
    #[serde(default)]
    pub(super) parameters: Value,
}
