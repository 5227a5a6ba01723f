//! The shapes of the server's events.

use serde_json::{Value, json};

/// What every session begins with; a client's `session.update` is laid over it.
pub(super) fn session(model: &str) -> Value {
    json!({
        "type": "realtime",
        "model": model,
        "instructions": "You are a helpful assistant.",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": { "type": "audio/pcm", "rate": 24000 },
                "turn_detection": {
                    "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
                    "create_response": true, "interrupt_response": true,
                },
            },
            "output": { "format": { "type": "audio/pcm", "rate": 24000 }, "voice": "alloy" },
        },
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
    })
}

/// Lays `update` over `base`: objects by key, anything else whole. A turn detection of another type replaces the old.
pub(super) fn lay_over(base: &mut Value, update: &Value) {
    let (Value::Object(old), Value::Object(new)) = (&mut *base, update) else {
        *base = update.clone();
        return;
    };
    if new.get("type").is_some_and(|kind| old.get("type") != Some(kind)) {
        *base = update.clone();
        return;
    }
    for (key, value) in new {
        lay_over(old.entry(key.clone()).or_insert(Value::Null), value);
    }
}

pub(super) fn error(
    kind: &str,
    code: &str,
    message: &str,
    param: Option<&str>,
    event_id: Option<&str>,
) -> Value {
    let error =
        json!({ "type": kind, "code": code, "message": message, "param": param, "event_id": event_id });
    json!({ "type": "error", "error": error })
}

pub(super) fn user_audio(id: &str, transcript: Option<&str>) -> Value {
    let content = json!({ "type": "input_audio", "transcript": transcript });
    json!({ "id": id, "object": "realtime.item", "type": "message", "role": "user", "status": "completed", "content": [content] })
}

pub(super) fn assistant(id: &str, status: &str, transcript: Option<&str>) -> Value {
    let content: Vec<Value> = transcript
        .map(|t| json!({ "type": "output_audio", "transcript": t }))
        .into_iter()
        .collect();
    json!({ "id": id, "object": "realtime.item", "type": "message", "role": "assistant", "status": status, "content": content })
}

pub(super) fn function_call(id: &str, status: &str, call_id: &str, name: &str, arguments: &str) -> Value {
    json!({
        "id": id, "object": "realtime.item", "type": "function_call", "status": status,
        "call_id": call_id, "name": name, "arguments": arguments,
    })
}

/// A response as `response.created` and `response.done` have it.
pub(super) fn response(id: &str, status: &str, details: &Value, output: &[Value], usage: &Value) -> Value {
    json!({
        "id": id, "object": "realtime.response", "status": status, "status_details": details, "output": output,
        "conversation_id": "conv_1", "output_modalities": ["audio"], "max_output_tokens": "inf",
        "audio": { "output": { "format": { "type": "audio/pcm", "rate": 24000 }, "voice": "marin" } },
        "usage": usage, "metadata": null,
    })
}

pub(super) fn usage() -> Value {
    json!({
        "total_tokens": 30, "input_tokens": 10, "output_tokens": 20,
        "input_token_details": { "text_tokens": 4, "audio_tokens": 6, "image_tokens": 0, "cached_tokens": 0 },
        "output_token_details": { "text_tokens": 5, "audio_tokens": 15 },
    })
}
