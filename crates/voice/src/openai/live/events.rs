//! The events of the API that this adapter sends and reads. Of what the server sends only the fields that are needed are required.

use crate::openai::protocol::ErrorBody;
use audio::SampleRate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// What the client sends. The server names `event_id` in an error about the event.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum ClientEvent {
    #[serde(rename = "session.start")]
    Start { session: Box<SessionConfig> },
    #[serde(rename = "session.input_audio.append")]
    Append { audio: String },
    /// What the model is to know from now on.
    #[serde(rename = "session.instructions.append")]
    Instruct {
        content: String,
        /// Always null: it is for the whole session.
        delegation_id: Option<String>,
    },
    #[serde(rename = "response.item.create")]
    CreateItem { item: FunctionOutput },
    #[serde(rename = "response.create")]
    CreateResponse,
}

/// What came of a tool.
#[derive(Debug, Serialize)]
pub(super) struct FunctionOutput {
    pub(super) r#type: &'static str,
    pub(super) call_id: String,
    pub(super) output: String,
}

#[derive(Debug, Serialize)]
pub(super) struct SessionConfig {
    pub(super) model: String,
    pub(super) instructions: String,
    pub(super) audio: Audio,
    pub(super) delegation: Delegation,
    /// What was said before.
    pub(super) input: Vec<InitialItem>,
}

#[derive(Debug, Serialize)]
pub(super) struct Audio {
    pub(super) format: Format,
    pub(super) output: Output,
}

#[derive(Debug, Serialize)]
pub(super) struct Format {
    r#type: &'static str,
    rate: u32,
}

impl Format {
    /// 16 bit, little-endian, both ways.
    pub(super) fn pcm(rate: SampleRate) -> Self {
        Self {
            r#type: "audio/pcm",
            rate: rate.hz(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) voice: Option<String>,
}

/// Who does what the model delegates.
#[derive(Debug, Serialize)]
pub(super) struct Delegation {
    pub(super) r#type: &'static str,
    pub(super) responses: Responses,
}

#[derive(Debug, Serialize)]
pub(super) struct Responses {
    pub(super) model: String,
    pub(super) instructions: String,
    pub(super) tools: Vec<Tool>,
}

#[derive(Debug, Serialize)]
pub(super) struct Tool {
    pub(super) r#type: &'static str,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) parameters: Value,
}

#[derive(Debug, Serialize)]
pub(super) struct InitialItem {
    pub(super) r#type: &'static str,
    pub(super) role: &'static str,
    pub(super) content: [Text; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct Text {
    pub(super) r#type: &'static str,
    pub(super) text: String,
}

/// What the server sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum ServerEvent<'a> {
    #[serde(rename = "session.started")]
    Started { session: Started },
    #[serde(rename = "session.input_transcript.delta")]
    Heard { delta: String },
    #[serde(rename = "session.output_transcript.delta")]
    Said { delta: String },
    #[serde(rename = "session.output_audio.delta")]
    Audio {
        #[serde(borrow)]
        delta: Cow<'a, str>,
    },
    #[serde(rename = "session.delegation.created")]
    Delegated,
    /// An event of the model that was delegated to.
    #[serde(rename = "response.event")]
    Delegate { event: DelegateEvent },
    #[serde(rename = "session.usage.updated")]
    Usage { usage: SessionUsage },
    #[serde(rename = "session.closed")]
    Closed {
        reason: CloseReason,
        usage: SessionUsage,
    },
    #[serde(rename = "error")]
    Error { error: ErrorBody },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Started {
    /// Seconds since 1970.
    #[serde(default)]
    pub(super) expires_at: Option<i64>,
}

/// The whole session so far.
#[derive(Debug, Deserialize)]
pub(super) struct SessionUsage {
    pub(super) seconds: f64,
}

/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CloseReason {
    /// It had lasted as long as it may.
    Expired,
    /// What was said is against the policies.
    Content,
    #[serde(other)]
    Other,
}

/// The events of the Responses API that mean something here.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum DelegateEvent {
    #[serde(rename = "response.output_item.done")]
    ItemDone { item: Item },
    #[serde(rename = "response.completed")]
    Completed { response: DelegateResponse },
    #[serde(
        rename = "response.failed",
        alias = "response.incomplete",
        alias = "response.cancelled"
    )]
    Failed {},
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    FunctionCall {
        call_id: String,
        name: String,
        arguments: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct DelegateResponse {
    #[serde(default)]
    pub(super) usage: Option<DelegateUsage>,
}

/// Tokens, all of text.
#[derive(Debug, Deserialize)]
pub(super) struct DelegateUsage {
    #[serde(default)]
    pub(super) input_tokens: u64,
    #[serde(default)]
    pub(super) output_tokens: u64,
    #[serde(default)]
    pub(super) input_tokens_details: InputDetails,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct InputDetails {
    #[serde(default)]
    pub(super) cached_tokens: u64,
}
