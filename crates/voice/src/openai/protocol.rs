//! The events of the Realtime API (GA) that this adapter sends and reads, as `openai.types.realtime` of the PyPI package
//! `openai` 3.54 describes them. Of what the server sends only the fields that are needed are required.

use super::usage::{ResponseUsage, TranscriptionUsage};
use audio::SampleRate;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What the client sends. The server names `event_id` in an error about the event.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum ClientEvent {
    #[serde(rename = "session.update")]
    UpdateSession {
        event_id: String,
        session: Box<SessionConfig>,
    },
    #[serde(rename = "input_audio_buffer.append")]
    Append { audio: String },
    #[serde(rename = "conversation.item.create")]
    CreateItem { event_id: String, item: NewItem },
    #[serde(rename = "conversation.item.truncate")]
    TruncateItem {
        event_id: String,
        item_id: String,
        content_index: u32,
        audio_end_ms: u64,
    },
    #[serde(rename = "conversation.item.delete")]
    DeleteItem { event_id: String, item_id: String },
    #[serde(rename = "response.create")]
    CreateResponse { event_id: String },
    #[serde(rename = "response.cancel")]
    CancelResponse { event_id: String, response_id: String },
}

/// An item that the client adds to the conversation.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum NewItem {
    Message { role: &'static str, content: [Text; 1] },
    FunctionCallOutput { call_id: String, output: String },
}

#[derive(Debug, Serialize)]
pub(super) struct Text {
    r#type: &'static str,
    text: String,
}

impl NewItem {
    /// A text in the caller's name.
    pub(super) fn user_text(text: String) -> Self {
        Self::Message {
            role: "user",
            content: [Text {
                r#type: "input_text",
                text,
            }],
        }
    }

    /// A text that the secretary has said.
    pub(super) fn assistant_text(text: String) -> Self {
        Self::Message {
            role: "assistant",
            content: [Text {
                r#type: "output_text",
                text,
            }],
        }
    }
}

/// The session as this adapter wants it, in the shape of its dialect.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum SessionConfig {
    /// OpenAI's own.
    Nested {
        r#type: &'static str,
        instructions: String,
        output_modalities: [&'static str; 1],
        audio: AudioConfig,
        tools: Vec<Tool>,
        tool_choice: &'static str,
    },
    /// xAI's.
    Top(TopSession),
    /// Qwen's.
    Flat(FlatSession),
}

/// xAI: voice and turn detection stand at the top.
#[derive(Debug, Serialize)]
pub(super) struct TopSession {
    pub(super) instructions: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) voice: Option<String>,
    pub(super) turn_detection: TurnDetection,
    pub(super) audio: TopAudio,
    pub(super) tools: Vec<Tool>,
    pub(super) resumption: Resumption,
}

#[derive(Debug, Serialize)]
pub(super) struct TopAudio {
    pub(super) input: TopDirection,
    pub(super) output: TopDirection,
}

#[derive(Debug, Serialize)]
pub(super) struct TopDirection {
    pub(super) format: AudioFormat,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transcription: Option<Transcription>,
}

/// Whether the conversation may be resumed by another session.
#[derive(Debug, Serialize)]
pub(super) struct Resumption {
    pub(super) enabled: bool,
}

/// Qwen: everything stands at the top, as in OpenAI's beta.
#[derive(Debug, Serialize)]
pub(super) struct FlatSession {
    pub(super) modalities: [&'static str; 2],
    pub(super) instructions: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) voice: Option<String>,
    pub(super) input_audio_format: &'static str,
    pub(super) output_audio_format: &'static str,
    pub(super) input_audio_transcription: Transcription,
    pub(super) turn_detection: TurnDetection,
    pub(super) tools: Vec<NestedTool>,
}

#[derive(Debug, Serialize)]
pub(super) struct AudioConfig {
    pub(super) input: AudioInput,
    pub(super) output: AudioOutput,
}

#[derive(Debug, Serialize)]
pub(super) struct AudioInput {
    pub(super) format: AudioFormat,
    pub(super) transcription: Transcription,
    pub(super) turn_detection: TurnDetection,
}

#[derive(Debug, Serialize)]
pub(super) struct AudioOutput {
    pub(super) format: AudioFormat,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) voice: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct AudioFormat {
    r#type: &'static str,
    rate: u32,
}

impl AudioFormat {
    /// 16 bit, little-endian.
    pub(super) fn pcm(rate: SampleRate) -> Self {
        Self {
            r#type: "audio/pcm",
            rate: rate.hz(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Transcription {
    pub(super) model: String,
    pub(super) language: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct TurnDetection {
    pub(super) r#type: &'static str,
    pub(super) create_response: bool,
    pub(super) interrupt_response: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Tool {
    pub(super) r#type: &'static str,
    #[serde(flatten)]
    pub(super) function: Function,
}

/// A tool as Qwen wants it.
#[derive(Debug, Serialize)]
pub(super) struct NestedTool {
    pub(super) r#type: &'static str,
    pub(super) function: Function,
}

#[derive(Debug, Serialize)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) parameters: serde_json::Value,
}

/// What the server sends, as far as it matters here. Qwen has the names of OpenAI's beta.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum ServerEvent<'a> {
    #[serde(rename = "session.created")]
    SessionCreated,
    /// What xAI begins with; its id resumes the conversation.
    #[serde(rename = "conversation.created")]
    ConversationCreated { conversation: Named },
    #[serde(rename = "session.updated")]
    SessionUpdated,
    #[serde(rename = "input_audio_buffer.speech_started")]
    SpeechStarted { item_id: String },
    #[serde(rename = "input_audio_buffer.speech_stopped")]
    SpeechStopped { item_id: String },
    #[serde(rename = "input_audio_buffer.committed")]
    Committed { item_id: String },
    #[serde(rename = "conversation.item.input_audio_transcription.delta")]
    TranscriptDelta { item_id: String, delta: Option<String> },
    /// xAI: all the words so far.
    #[serde(rename = "conversation.item.input_audio_transcription.updated")]
    TranscriptUpdated { item_id: String, transcript: String },
    #[serde(rename = "conversation.item.input_audio_transcription.completed")]
    TranscriptCompleted {
        item_id: String,
        transcript: String,
        #[serde(default)]
        usage: Option<TranscriptionUsage>,
    },
    #[serde(rename = "conversation.item.input_audio_transcription.failed")]
    TranscriptFailed { item_id: String, error: ErrorBody },
    #[serde(rename = "response.created")]
    ResponseCreated { response: Response },
    #[serde(rename = "response.output_audio.delta", alias = "response.audio.delta")]
    OutputAudio {
        response_id: String,
        item_id: String,
        #[serde(borrow)]
        delta: Cow<'a, str>,
    },
    #[serde(
        rename = "response.output_audio_transcript.delta",
        alias = "response.audio_transcript.delta",
        alias = "response.output_text.delta",
        alias = "response.text.delta"
    )]
    OutputText { response_id: String, delta: String },
    #[serde(rename = "response.output_item.added")]
    ItemAdded { item: OutputItem },
    #[serde(rename = "response.function_call_arguments.done")]
    FunctionCall {
        response_id: String,
        call_id: String,
        /// Left out by some; the item has it as well.
        #[serde(default)]
        name: Option<String>,
        arguments: String,
    },
    #[serde(rename = "response.done")]
    ResponseDone { response: Response },
    #[serde(rename = "error")]
    Error { error: ErrorBody },
    #[serde(other)]
    Other,
}

/// An item of a response: a call of a tool has both.
#[derive(Debug, Deserialize)]
pub(super) struct OutputItem {
    #[serde(default)]
    pub(super) call_id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Response {
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: Option<Status>,
    #[serde(default)]
    pub(super) status_details: Option<StatusDetails>,
    #[serde(default)]
    pub(super) usage: Option<ResponseUsage>,
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Incomplete,
    Failed,
    /// Completed, cancelled or in progress.
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct StatusDetails {
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) error: Option<ErrorBody>,
}

/// An error as the server words it. Its message may repeat what it was sent, so it is told on only where that is
/// configuration.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorBody {
    #[serde(default)]
    pub(super) r#type: Option<String>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) param: Option<String>,
    /// The client's event that caused it.
    #[serde(default)]
    pub(super) event_id: Option<String>,
}

/// The body of an HTTP refusal.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) error: ErrorBody,
}
