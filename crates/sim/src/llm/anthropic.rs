//! Anthropic's events, as its API reference has them under "Streaming messages".

use super::reply::Call;
use super::{Asked, Ending, Writer};
use serde_json::{Value, json};

/// Writes an answer in blocks: one of text, one for each thought and call.
#[derive(Default)]
pub(super) struct Events {
    /// Blocks that were begun.
    begun: u32,
    text: bool,
}

impl Events {
    fn start(&mut self, block: &Value) -> Value {
        self.begun += 1;
        json!({"type": "content_block_start", "index": self.begun - 1, "content_block": block})
    }

    fn delta(&self, delta: &Value) -> Value {
        json!({"type": "content_block_delta", "index": self.begun - 1, "delta": delta})
    }

    fn stop(&self) -> Value {
        json!({"type": "content_block_stop", "index": self.begun - 1})
    }

    /// Ends the block of text that may be open.
    fn close_text(&mut self) -> Option<Value> {
        std::mem::take(&mut self.text).then(|| self.stop())
    }
}

impl Writer for Events {
    /// Nine tokens read, three of them from the cache.
    fn begin(&mut self) -> Vec<Value> {
        let usage = json!({"input_tokens": 4, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3, "output_tokens": 1});
        let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "sim", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": usage});
        vec![
            json!({"type": "message_start", "message": message}),
            json!({"type": "ping"}),
        ]
    }

    fn text(&mut self, text: &str) -> Vec<Value> {
        let start = (!self.text).then(|| self.start(&json!({"type": "text", "text": ""})));
        self.text = true;
        let delta = self.delta(&json!({"type": "text_delta", "text": text}));
        start.into_iter().chain([delta]).collect()
    }

    fn thought(&mut self, text: &str, signature: &str) -> Vec<Value> {
        let before = self.close_text();
        let events = [
            self.start(&json!({"type": "thinking", "thinking": "", "signature": ""})),
            self.delta(&json!({"type": "thinking_delta", "thinking": text})),
            self.delta(&json!({"type": "signature_delta", "signature": signature})),
            self.stop(),
        ];
        before.into_iter().chain(events).collect()
    }

    /// The arguments come in pieces.
    fn call(&mut self, call: &Call) -> Vec<Value> {
        let before = self.close_text();
        let start = self.start(&json!({"type": "tool_use", "id": call.id, "name": call.tool, "input": {}}));
        let letters: Vec<char> = call.arguments.chars().collect();
        let pieces: Vec<Value> = letters
            .chunks(5)
            .map(|piece| {
                let piece: String = piece.iter().collect();
                self.delta(&json!({"type": "input_json_delta", "partial_json": piece}))
            })
            .collect();
        let stop = self.stop();
        before
            .into_iter()
            .chain([start])
            .chain(pieces)
            .chain([stop])
            .collect()
    }

    fn end(&mut self, ending: Ending) -> Vec<Value> {
        let reason = match ending {
            Ending::Whole => "end_turn",
            Ending::Tools => "tool_use",
            Ending::Length => "max_tokens",
            Ending::Filtered => "refusal",
        };
        let delta = json!({"stop_reason": reason, "stop_sequence": null});
        let events = [
            json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}}),
            json!({"type": "message_stop"}),
        ];
        self.close_text().into_iter().chain(events).collect()
    }

    /// Its clients go by the name of an event.
    fn sent(&self, event: &Value) -> String {
        let name = event["type"].as_str().unwrap_or("message");
        format!("event: {name}\ndata: {event}\n\n")
    }
}

/// What it refuses: no key, no version, no limit of tokens, roles that do not take turns, results that do not follow their calls.
pub(super) fn refusal(asked: &Asked) -> Option<(u16, Value)> {
    let refused = |status, kind: &str, message: &str| {
        let error = json!({"type": kind, "message": message});
        Some((
            status,
            json!({"type": "error", "error": error, "request_id": "req_1"}),
        ))
    };
    // Its package (2.12) sends the key as a bearer's, as older ones and most others send it in a header of its own.
    if asked
        .header("x-api-key")
        .or(asked.header("authorization"))
        .is_none()
    {
        return refused(401, "authentication_error", "x-api-key header is required");
    }
    if asked.header("anthropic-version").is_none() {
        return refused(
            400,
            "invalid_request_error",
            "anthropic-version: header is required",
        );
    }
    if !asked.body["max_tokens"].is_u64() {
        return refused(400, "invalid_request_error", "max_tokens: Field required");
    }
    match problem(asked.body["messages"].as_array()) {
        Some(problem) => refused(400, "invalid_request_error", &problem),
        None => None,
    }
}

fn problem(messages: Option<&Vec<Value>>) -> Option<String> {
    let messages = messages.filter(|messages| !messages.is_empty());
    let Some(messages) = messages else {
        return Some("messages: at least one message is required".into());
    };
    let mut calls: Vec<&Value> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let wanted = if at % 2 == 0 { "user" } else { "assistant" };
        if message["role"] != wanted {
            return Some(format!("messages.{at}: role must be {wanted}"));
        }
        let blocks = message["content"].as_array()?;
        let ids = |kind: &str, key: &str| -> Vec<&Value> {
            blocks
                .iter()
                .filter(|b| b["type"] == kind)
                .map(|b| &b[key])
                .collect()
        };
        if blocks
            .iter()
            .any(|b| b["type"] == "text" && b["text"].as_str().is_none_or(|t| t.trim().is_empty()))
        {
            return Some(format!("messages.{at}: text content blocks must be non-empty"));
        }
        if ids("tool_result", "tool_use_id") != calls {
            return Some(format!(
                "messages.{at}: tool_use ids without tool_result blocks immediately after"
            ));
        }
        calls = ids("tool_use", "id");
    }
    // Newer models go on with no assistant's words.
    (messages.len() % 2 == 0).then(|| "messages: the conversation must end with a user message".into())
}
