//! The text frames of the leg `raw`, seen from the caller's side (docs/protocol.md).

use serde::{Deserialize, Serialize};

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The caller.
    User,
    /// The secretary.
    Assistant,
}

/// The parts of a turn's latency as the server knows them, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LatencyParts {
    /// From the end of speech to the decision that the turn is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_ms: Option<f64>,
    /// From there to the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stt_ms: Option<f64>,
    /// From there to the first clause of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brain_ms: Option<f64>,
    /// How much of that went by before the language model's first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_ms: Option<f64>,
    /// From there to the first audio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tts_ms: Option<f64>,
    /// In place of those three, of an engine that tells no parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_ms: Option<f64>,
    /// From the first audio to the first of it that left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg_ms: Option<f64>,
}

/// What the server says in text frames. Unknown types are none of the caller's business.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ServerMessage {
    Clear,
    Pause,
    Resume,
    Transcript {
        role: Role,
        text: String,
        #[serde(rename = "final")]
        is_final: bool,
    },
    Mark {
        name: String,
    },
    Latency(LatencyParts),
    Hangup,
    Transfer {
        #[serde(default)]
        destination: String,
        #[serde(default)]
        number: Option<String>,
        #[serde(default)]
        kind: Option<String>,
    },
    #[serde(other)]
    Unknown,
}

impl ServerMessage {
    /// Reads a text frame; what is not a message of this protocol is unknown.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or(Self::Unknown)
    }
}

/// The first text frame: what FreeSWITCH's dialplan knows about the call. All of it is optional.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Metadata {
    /// The secretary who shall answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secretary: Option<String>,
    /// The caller's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_number: Option<String>,
    /// The caller's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_name: Option<String>,
    /// The number that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The leg's dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leg: Option<String>,
    /// Samples a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// `mono`, `mixed` or `stereo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mix: Option<String>,
    /// The caller's language, as `pt-BR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A key that the caller pressed.
pub(crate) fn digit_message(digit: char) -> String {
    serde_json::json!({"type": "dtmf", "digit": digit.to_string()}).to_string()
}

/// The echo of a mark whose audio has been played.
pub(crate) fn mark_message(name: &str) -> String {
    serde_json::json!({"type": "mark", "name": name}).to_string()
}
