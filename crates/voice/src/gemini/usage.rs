//! What the API counts of a turn, as `UsageMetadata` in `google.genai.types` describes it. Every turn is charged with all that the
//! session remembers, so the counts of turns add up.

use crate::Usage;
use serde::Deserialize;

/// `usageMetadata` of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct UsageMetadata {
    prompt_token_count: u64,
    response_token_count: u64,
    thoughts_token_count: u64,
    tool_use_prompt_token_count: u64,
    prompt_tokens_details: Vec<Count>,
    cache_tokens_details: Vec<Count>,
    response_tokens_details: Vec<Count>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Count {
    modality: String,
    token_count: u64,
}

impl From<UsageMetadata> for Usage {
    /// Tokens whose kind is not told count as sound, which is dearer: a limit of spending holds in any case.
    fn from(told: UsageMetadata) -> Self {
        let text = of_text(&told.prompt_tokens_details);
        let audio = told.prompt_token_count.saturating_sub(text);
        let text_cached = of_text(&told.cache_tokens_details).min(text);
        let audio_cached = all(&told.cache_tokens_details)
            .saturating_sub(text_cached)
            .min(audio);
        let text_out = of_text(&told.response_tokens_details);
        Self {
            text_in: text - text_cached + told.tool_use_prompt_token_count,
            text_cached,
            audio_in: audio - audio_cached,
            audio_cached,
            text_out: text_out + told.thoughts_token_count,
            audio_out: told.response_token_count.saturating_sub(text_out),
            ..Self::default()
        }
    }
}

fn of_text(counts: &[Count]) -> u64 {
    let text = counts.iter().filter(|count| count.modality == "TEXT");
    text.map(|count| count.token_count).sum()
}

fn all(counts: &[Count]) -> u64 {
    counts.iter().map(|count| count.token_count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn usage(told: serde_json::Value) -> Usage {
        serde_json::from_value::<UsageMetadata>(told).unwrap().into()
    }

    #[test]
    fn kinds_are_told_apart_and_thoughts_are_text() {
        let told = json!({
            "promptTokenCount": 130, "responseTokenCount": 50, "thoughtsTokenCount": 7, "totalTokenCount": 187,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}, {"modality": "AUDIO", "tokenCount": 30}],
            "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 60}],
            "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 50}],
        });
        let want = Usage {
            text_in: 40,
            text_cached: 60,
            audio_in: 30,
            text_out: 7,
            audio_out: 50,
            ..Usage::default()
        };
        assert_eq!(usage(told), want);
    }

    #[test]
    fn what_is_not_told_apart_counts_as_sound() {
        let bare = usage(json!({"promptTokenCount": 10, "responseTokenCount": 20}));
        assert_eq!((bare.audio_in, bare.audio_out), (10, 20));
        assert!(usage(json!({})).is_nothing());
    }
}
