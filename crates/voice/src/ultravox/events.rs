//! The request that makes a call, and the data messages that mean something here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The body of `POST /api/calls`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateCall {
    pub(super) system_prompt: String,
    pub(super) model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) voice: Option<String>,
    /// A BCP 47 tag.
    pub(super) language_hint: String,
    pub(super) initial_messages: Vec<Message>,
    /// Seconds, with an `s` behind.
    pub(super) max_duration: String,
    pub(super) medium: Medium,
    pub(super) first_speaker_settings: Speaker,
    pub(super) selected_tools: Vec<SelectedTool>,
}

/// Something that was said before.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Medium {
    pub(super) server_web_socket: ServerWebSocket,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerWebSocket {
    pub(super) input_sample_rate: u32,
    pub(super) output_sample_rate: u32,
    pub(super) client_buffer_size_ms: u32,
}

/// Who speaks first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Speaker {
    User {},
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SelectedTool {
    pub(super) temporary_tool: TemporaryTool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TemporaryTool {
    pub(super) model_tool_name: String,
    pub(super) description: String,
    pub(super) dynamic_parameters: Vec<Parameter>,
    pub(super) timeout: &'static str,
    pub(super) client: Client,
}

#[derive(Debug, Serialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) location: &'static str,
    pub(super) schema: Value,
    pub(super) required: bool,
}

/// The tool is used by whoever has joined the call.
#[derive(Debug, Serialize)]
pub(super) struct Client {}

/// The answer to [`CreateCall`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) join_url: Option<String>,
    pub(super) max_duration: Option<String>,
}

/// What we send, audio aside.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(super) enum ClientMessage {
    /// Milliseconds since the call began.
    Ping { timestamp: u64 },
    /// Words that are answered as if they were spoken.
    UserTextMessage { text: String },
    ClientToolResult {
        invocation_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<String>,
        /// How the result is read.
        response_type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_message: Option<String>,
    },
}

/// What the server sends, audio aside.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(super) enum ServerMessage {
    CallStarted,
    State {
        state: State,
    },
    Transcript(Transcript),
    PlaybackClearBuffer,
    ClientToolInvocation {
        tool_name: String,
        invocation_id: String,
        #[serde(default)]
        parameters: Value,
    },
    #[serde(other)]
    Other,
}

/// What the agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Listening,
    Thinking,
    Speaking,
    #[serde(other)]
    Other,
}

/// Words of an utterance: all of them so far in `text`, or what is added in `delta`.
#[derive(Debug, Deserialize)]
pub(super) struct Transcript {
    pub(super) role: Role,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) delta: Option<String>,
    #[serde(default, rename = "final")]
    pub(super) is_final: bool,
    /// Of the utterance in the call, counted over both sides.
    #[serde(default)]
    pub(super) ordinal: u64,
}

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    User,
    Agent,
    #[serde(other)]
    Other,
}
