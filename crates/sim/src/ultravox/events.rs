//! The shapes of the server's data messages.

use serde_json::{Value, json};

pub(super) fn call_started(call: &str) -> Value {
    json!({ "type": "call_started", "callId": call })
}

/// `idle`, `listening`, `thinking` or `speaking`.
pub(super) fn state(state: &str) -> Value {
    json!({ "type": "state", "state": state })
}

/// All the words of an utterance so far.
pub(super) fn text(role: &str, text: &str, ordinal: u64, is_final: bool) -> Value {
    json!({
        "type": "transcript", "role": role, "medium": "voice", "text": text, "delta": null, "final": is_final, "ordinal": ordinal,
    })
}

/// More words of an utterance.
pub(super) fn delta(role: &str, delta: &str, ordinal: u64) -> Value {
    json!({
        "type": "transcript", "role": role, "medium": "voice", "text": null, "delta": delta, "final": false, "ordinal": ordinal,
    })
}

pub(super) fn playback_clear_buffer() -> Value {
    json!({ "type": "playback_clear_buffer" })
}

pub(super) fn client_tool_invocation(tool: &str, id: &str, parameters: &Value) -> Value {
    json!({ "type": "client_tool_invocation", "toolName": tool, "invocationId": id, "parameters": parameters })
}
