//! The messages of the Live API that this adapter sends and reads, as `google.genai.types` (`LiveClientMessage`,
//! `LiveServerMessage`) of the PyPI package `google-genai` 3.4 describes them. Of what the server sends nothing is required.

use super::usage::UsageMetadata;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What the client sends: one of these.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ClientMessage {
    Setup(Box<SetUp>),
    ClientContent(ClientContent),
    RealtimeInput(RealtimeInput),
    ToolResponse(ToolResponse),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetUp {
    pub(super) model: String,
    pub(super) generation_config: GenerationConfig,
    pub(super) system_instruction: Said,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<ToolBox>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) realtime_input_config: Option<RealtimeInputConfig>,
    pub(super) input_audio_transcription: Nothing,
    pub(super) output_audio_transcription: Nothing,
    pub(super) session_resumption: Resumption,
    pub(super) context_window_compression: SlidingWindow,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) history_config: Option<HistoryConfig>,
}

/// An object without anything in it.
#[derive(Debug, Serialize)]
pub(super) struct Nothing {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GenerationConfig {
    pub(super) response_modalities: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) speech_config: Option<SpeechConfig>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpeechConfig {
    pub(super) voice_config: VoiceConfig,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VoiceConfig {
    pub(super) prebuilt_voice_config: PrebuiltVoice,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PrebuiltVoice {
    pub(super) voice_name: String,
}

/// What somebody said.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    pub(super) role: Role,
    pub(super) parts: [Text; 1],
}

/// Who said it.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Model,
}

#[derive(Debug, Serialize)]
pub(super) struct Text {
    pub(super) text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolBox {
    pub(super) function_declarations: Vec<Declaration>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) parameters_json_schema: serde_json::Value,
    pub(super) behavior: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RealtimeInputConfig {
    pub(super) automatic_activity_detection: ActivityDetection,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActivityDetection {
    pub(super) silence_duration_ms: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Resumption {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) handle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlidingWindow {
    pub(super) sliding_window: Nothing,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryConfig {
    pub(super) initial_history_in_client_content: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientContent {
    pub(super) turns: Vec<Said>,
    pub(super) turn_complete: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum RealtimeInput {
    Audio(Blob),
    Text(String),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    pub(super) data: String,
    pub(super) mime_type: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResponse {
    pub(super) function_responses: Vec<FunctionResponse>,
}

#[derive(Debug, Serialize)]
pub(super) struct FunctionResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) name: String,
    /// An object: under `output` what came of it, or under `error` why nothing did.
    pub(super) response: serde_json::Value,
}

/// What the server sends. More than one of these may be in a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ServerMessage<'a> {
    pub(super) setup_complete: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    pub(super) server_content: Option<ServerContent<'a>>,
    pub(super) tool_call: Option<ToolCall>,
    pub(super) tool_call_cancellation: Option<Cancellation>,
    pub(super) usage_metadata: Option<UsageMetadata>,
    pub(super) go_away: Option<GoAway>,
    pub(super) session_resumption_update: Option<ResumptionUpdate>,
    pub(super) error: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ServerContent<'a> {
    #[serde(borrow)]
    pub(super) model_turn: Option<ModelTurn<'a>>,
    pub(super) input_transcription: Option<Transcription>,
    pub(super) output_transcription: Option<Transcription>,
    pub(super) interrupted: bool,
    pub(super) generation_complete: bool,
    pub(super) turn_complete: bool,
    pub(super) turn_complete_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ModelTurn<'a> {
    #[serde(borrow)]
    pub(super) parts: Vec<Part<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    pub(super) inline_data: Option<InlineData<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct InlineData<'a> {
    #[serde(borrow)]
    pub(super) mime_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) data: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Transcription {
    pub(super) text: Option<String>,
    pub(super) finished: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ToolCall {
    pub(super) function_calls: Vec<FunctionCall>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionCall {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) args: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Cancellation {
    pub(super) ids: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct GoAway {
    /// Seconds, as "9.5s".
    pub(super) time_left: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResumptionUpdate {
    pub(super) new_handle: Option<String>,
    pub(super) resumable: bool,
}
