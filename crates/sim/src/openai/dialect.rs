//! What differs between the providers of the family: where a session's settings stand, and how events are called.

use super::script::Dialect;
use serde_json::{Value, json};

/// The only conversation that there is.
pub(super) const CONVERSATION: &str = "conv_1";

impl Dialect {
    /// What a session begins with.
    pub(super) fn session(self, model: &str) -> Value {
        let detection = json!({
            "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
            "create_response": true, "interrupt_response": true,
        });
        match self {
            Self::OpenAi | Self::Azure => super::events::session(model),
            Self::Xai => json!({ "model": model, "voice": "ara", "turn_detection": detection, "tools": [] }),
            Self::Qwen => json!({
                "object": "realtime.session", "model": model, "modalities": ["text", "audio"], "voice": "Cherry",
                "input_audio_format": "pcm", "output_audio_format": "pcm",
                "input_audio_transcription": { "model": "qwen3-asr-flash-realtime" },
                "turn_detection": detection, "tools": [],
            }),
        }
    }

    /// The setting that is missing from an update, or stands where this provider does not look.
    pub(super) fn misplaced(self, update: &Value) -> Option<&'static str> {
        match self {
            Self::OpenAi | Self::Azure => (update["type"] != "realtime").then_some("session.type"),
            Self::Xai => update
                .pointer("/audio/input/turn_detection")
                .map(|_| "session.audio.input.turn_detection"),
            Self::Qwen => ["type", "audio", "output_modalities"]
                .iter()
                .any(|key| !update[key].is_null())
                .then_some("session.modalities"),
        }
    }

    /// How a session finds turns.
    pub(super) fn detection(self, session: &Value) -> &Value {
        match self {
            Self::OpenAi | Self::Azure => &session["audio"]["input"]["turn_detection"],
            Self::Xai | Self::Qwen => &session["turn_detection"],
        }
    }

    /// How it writes down what it hears; null if it does not.
    pub(super) fn transcription(self, session: &Value) -> &Value {
        match self {
            Self::OpenAi | Self::Azure | Self::Xai => &session["audio"]["input"]["transcription"],
            Self::Qwen => &session["input_audio_transcription"],
        }
    }

    /// The rates of what it hears and says.
    pub(super) fn rates(self, session: &Value) -> (u32, u32) {
        let rate = |direction: &str| {
            let hz = session["audio"][direction]["format"]["rate"].as_u64();
            hz.and_then(|hz| u32::try_from(hz).ok()).unwrap_or(24_000)
        };
        match self {
            Self::OpenAi | Self::Azure => (24_000, 24_000),
            Self::Xai => (rate("input"), rate("output")),
            Self::Qwen => (16_000, 24_000),
        }
    }

    /// Whether what was said can be cut or forgotten.
    pub(super) fn takes_back(self) -> bool {
        self != Self::Qwen
    }

    /// An event as this provider calls it; nothing if it has none like it.
    pub(super) fn worded(self, mut event: Value) -> Option<Value> {
        if self != Self::Qwen {
            return Some(event);
        }
        let kind = event["type"].as_str().unwrap_or_default();
        let kind = match kind {
            "rate_limits.updated" | "conversation.item.done" => return None,
            "conversation.item.added" => "conversation.item.created".into(),
            _ => kind.replace("output_audio", "audio"),
        };
        event["type"] = kind.into();
        Some(event)
    }
}
