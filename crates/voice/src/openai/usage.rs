//! What the API counts of a session, as `RealtimeResponseUsage` and the `usage` of
//! `conversation.item.input_audio_transcription.completed` in `openai.types.realtime` describe it.

use crate::Usage;
use serde::Deserialize;

/// `usage` of `response.done`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    input_token_details: Option<InputDetails>,
    output_token_details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    text_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    cached_tokens_details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    text_tokens: Option<u64>,
    audio_tokens: Option<u64>,
}

impl From<ResponseUsage> for Usage {
    /// Tokens whose kind is not told count as sound, which is dearer: a limit of spending holds in any case.
    fn from(told: ResponseUsage) -> Self {
        let input = told.input_token_details.unwrap_or_default();
        let cached = input.cached_tokens_details.unwrap_or_default();
        let output = told.output_token_details.unwrap_or_default();
        let (text, text_cached) = parts(input.text_tokens, cached.text_tokens);
        let (audio, audio_cached) = parts(
            sound(input.audio_tokens, told.input_tokens, text + text_cached),
            cached.audio_tokens,
        );
        let text_out = output.text_tokens.unwrap_or_default();
        Self {
            text_in: text,
            text_cached,
            text_out,
            audio_in: audio,
            audio_cached,
            audio_out: sound(output.audio_tokens, told.output_tokens, text_out).unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// Tokens of sound: as told, else all that are not text.
fn sound(told: Option<u64>, all: Option<u64>, text: u64) -> Option<u64> {
    told.or_else(|| all.map(|all| all.saturating_sub(text)))
}

/// Tokens that were not in the cache, and those that were.
fn parts(all: Option<u64>, cached: Option<u64>) -> (u64, u64) {
    let all = all.unwrap_or_default();
    let cached = cached.unwrap_or_default().min(all);
    (all - cached, cached)
}

/// `usage` of a transcription.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum TranscriptionUsage {
    /// A model that is charged by tokens.
    Tokens {
        #[serde(default)]
        input_tokens: u64,
        #[serde(default)]
        output_tokens: u64,
    },
    /// A model that is charged by time.
    Duration { seconds: f64 },
    #[serde(other)]
    Other,
}

impl From<TranscriptionUsage> for Usage {
    fn from(told: TranscriptionUsage) -> Self {
        let nothing = Self::default();
        match told {
            TranscriptionUsage::Tokens {
                input_tokens,
                output_tokens,
            } => Self {
                transcription_in: input_tokens,
                transcription_out: output_tokens,
                ..nothing
            },
            // A float becomes the nearest whole number, 0 where it is none.
            TranscriptionUsage::Duration { seconds } => Self {
                transcription_ms: (seconds * 1000.0).ceil() as u64,
                ..nothing
            },
            TranscriptionUsage::Other => nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn response(usage: serde_json::Value) -> Usage {
        serde_json::from_value::<ResponseUsage>(usage).unwrap().into()
    }

    #[test]
    fn kinds_are_told_apart_and_the_cache_is_counted_once() {
        let usage = response(json!({
            "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
            "input_token_details": {"text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
                "cached_tokens_details": {"text_tokens": 60, "audio_tokens": 4, "image_tokens": 0}},
            "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
        }));
        let want = Usage {
            text_in: 59,
            text_cached: 60,
            audio_in: 9,
            audio_cached: 4,
            text_out: 30,
            audio_out: 91,
            ..Usage::default()
        };
        assert_eq!(usage, want);
    }

    #[test]
    fn what_is_not_told_apart_counts_as_sound() {
        let usage = response(json!({"input_tokens": 10, "output_tokens": 20, "input_token_details": null}));
        assert_eq!((usage.audio_in, usage.audio_out), (10, 20));
        assert!(response(json!({})).is_nothing());
        let odd = response(
            json!({"input_token_details": {"text_tokens": 3, "cached_tokens_details": {"text_tokens": 9}}}),
        );
        assert_eq!((odd.text_in, odd.text_cached), (0, 3));
    }

    #[test]
    fn transcriptions_are_counted_by_tokens_or_by_time() {
        let of = |usage| -> Usage {
            serde_json::from_value::<TranscriptionUsage>(usage)
                .unwrap()
                .into()
        };
        let tokens =
            of(json!({"type": "tokens", "input_tokens": 13, "output_tokens": 9, "total_tokens": 22}));
        assert_eq!((tokens.transcription_in, tokens.transcription_out), (13, 9));
        assert_eq!(
            of(json!({"type": "duration", "seconds": 1.25})).transcription_ms,
            1250
        );
        assert!(of(json!({"type": "something new"})).is_nothing());
    }
}
