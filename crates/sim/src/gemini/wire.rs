//! The shapes of the server's messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The rate of the answers' audio.
pub(super) const HZ: u32 = 24_000;

/// Fields whose content is the application's own.
const FREE: [&str; 3] = ["args", "response", "parametersJsonSchema"];

/// A message with its names as the documentation has them: `realtime_input`, as the official client writes it, is the same as
/// `realtimeInput` (protobuf's JSON takes both).
pub(super) fn with_documented_names(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let named = fields.iter().map(|(name, content)| {
                let name = camel(name);
                let is_free = FREE.contains(&name.as_str());
                let content = if is_free {
                    content.clone()
                } else {
                    with_documented_names(content)
                };
                (name, content)
            });
            Value::Object(named.collect())
        }
        Value::Array(entries) => entries.iter().map(with_documented_names).collect(),
        other => other.clone(),
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        name + &head.to_uppercase() + tail
    })
}

pub(super) fn content(content: Value) -> Value {
    let mut message = json!({});
    message["serverContent"] = content;
    message
}

pub(super) fn audio(bytes: Vec<u8>, hz: u32) -> Value {
    let data = STANDARD.encode(bytes);
    let blob = json!({ "mimeType": format!("audio/pcm;rate={hz}"), "data": data });
    content(json!({ "modelTurn": { "role": "model", "parts": [{ "inlineData": blob }] } }))
}

/// What the model thinks, which is for nobody's ear.
pub(super) fn thought() -> Value {
    let part =
        json!({ "text": "**Considering the Request**\n\nThe caller wants something.", "thought": true });
    content(json!({ "modelTurn": { "role": "model", "parts": [part] } }))
}

/// The end of a turn, and what it cost.
pub(super) fn turn_complete() -> Value {
    let usage = json!({
        "promptTokenCount": 30, "responseTokenCount": 20, "thoughtsTokenCount": 4, "totalTokenCount": 54,
        "promptTokensDetails": [
            { "modality": "TEXT", "tokenCount": 10 },
            { "modality": "AUDIO", "tokenCount": 20 },
        ],
        "responseTokensDetails": [{ "modality": "AUDIO", "tokenCount": 20 }],
    });
    json!({ "serverContent": { "turnComplete": true }, "usageMetadata": usage })
}
