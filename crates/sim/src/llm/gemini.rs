//! Gemini's chunks, as its API reference has them under "GenerateContentResponse".

use super::reply::Call;
use super::{Asked, Ending, Writer};
use serde_json::{Value, json};

/// Writes an answer in chunks of parts.
#[derive(Default)]
pub(super) struct Chunks {
    /// Of the thought before: it belongs to the call that follows.
    signature: Option<String>,
    /// It has ended already.
    ended: bool,
}

impl Writer for Chunks {
    fn begin(&mut self) -> Vec<Value> {
        Vec::new()
    }

    fn text(&mut self, text: &str) -> Vec<Value> {
        vec![chunk(&[json!({"text": text})], None)]
    }

    fn thought(&mut self, text: &str, signature: &str) -> Vec<Value> {
        self.signature = Some(signature.into());
        vec![chunk(&[json!({"text": text, "thought": true})], None)]
    }

    /// The arguments come at once, and malformed ones never: the API ends such an answer.
    fn call(&mut self, call: &Call) -> Vec<Value> {
        let arguments = if call.arguments.is_empty() {
            "{}"
        } else {
            &call.arguments
        };
        let Ok(arguments) = serde_json::from_str::<Value>(arguments) else {
            self.ended = true;
            return vec![chunk(&[], Some("MALFORMED_FUNCTION_CALL"))];
        };
        let mut function = json!({"name": call.tool, "args": arguments});
        if !call.id.is_empty() {
            function["id"] = call.id.as_str().into();
        }
        let mut part = json!({"functionCall": function});
        if let Some(signature) = self.signature.take() {
            part["thoughtSignature"] = signature.into();
        }
        vec![chunk(&[part], None)]
    }

    /// Nine tokens read, three of them from the cache; nine written, two of them thoughts.
    fn end(&mut self, ending: Ending) -> Vec<Value> {
        if self.ended {
            return Vec::new();
        }
        let reason = match ending {
            Ending::Whole | Ending::Tools => "STOP",
            Ending::Length => "MAX_TOKENS",
            Ending::Filtered => "SAFETY",
        };
        let mut last = chunk(&[json!({"text": ""})], Some(reason));
        last["usageMetadata"] = json!({"promptTokenCount": 9, "cachedContentTokenCount": 3, "candidatesTokenCount": 7,
            "thoughtsTokenCount": 2, "totalTokenCount": 18});
        vec![last]
    }
}

fn chunk(parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    json!({"candidates": [candidate], "modelVersion": "sim", "responseId": "r-1"})
}

/// What it refuses: no key, no server-sent events asked for, results that do not follow their calls, a last word that is not the user's.
pub(super) fn refusal(asked: &Asked) -> Option<(u16, Value)> {
    let refused = |code, status: &str, message: &str| {
        Some((
            code,
            json!({"error": {"code": code, "message": message, "status": status}}),
        ))
    };
    if asked.header("x-goog-api-key").is_none() {
        return refused(
            403,
            "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers",
        );
    }
    if asked.query.as_deref() != Some("alt=sse") {
        return refused(
            400,
            "INVALID_ARGUMENT",
            "this stand-in streams server-sent events alone",
        );
    }
    let contents = asked.body["contents"].as_array().map_or(&[][..], Vec::as_slice);
    let mut calls: Vec<&Value> = Vec::new();
    // Its package gives a content for each chunk: those of one role in a row are one turn.
    for turn in contents.chunk_by(|a, b| a["role"] == b["role"]) {
        let named = |key: &str| -> Vec<&Value> {
            let parts = turn
                .iter()
                .filter_map(|content| content["parts"].as_array())
                .flatten();
            parts
                .filter(|part| part[key].is_object())
                .map(|part| &part[key]["name"])
                .collect()
        };
        if named("functionResponse") != calls {
            let message = "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
            return refused(400, "INVALID_ARGUMENT", message);
        }
        calls = named("functionCall");
    }
    match contents.last() {
        Some(last) if last["role"] == "user" => None,
        _ => refused(
            400,
            "INVALID_ARGUMENT",
            "Please ensure that multiturn requests end with a user role.",
        ),
    }
}
