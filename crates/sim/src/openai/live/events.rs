//! The shapes of the server's events.

use serde_json::{Value, json};

/// The session as the server has resolved it. `lasts` is in seconds from now.
pub(super) fn session(configured: &Value, lasts: u64) -> Value {
    let expires = jiff::Timestamp::now().as_second() + i64::try_from(lasts).unwrap_or(i64::MAX);
    let mut session = configured.clone();
    session["id"] = "live_sess_sim".into();
    session["status"] = "active".into();
    session["expires_at"] = expires.into();
    session
}

pub(super) fn started(session: &Value) -> Value {
    json!({ "type": "session.started", "session": session })
}

pub(super) fn transcript(side: &str, delta: &str, start_ms: u64, end_ms: u64) -> Value {
    let kind = format!("session.{side}_transcript.delta");
    json!({ "type": kind, "delta": delta, "start_ms": start_ms, "end_ms": end_ms })
}

pub(super) fn audio(delta: &str) -> Value {
    json!({ "type": "session.output_audio.delta", "delta": delta })
}

pub(super) fn delegation(id: &str, offset_ms: u64) -> Value {
    let delegation =
        json!({ "id": id, "target": "responses", "type": "delegation", "response_id": "resp_sim" });
    json!({ "type": "session.delegation.created", "delegation": delegation, "offset_ms": offset_ms })
}

/// An event of the Responses API.
pub(super) fn response(delegation: &str, event: &Value) -> Value {
    json!({ "type": "response.event", "delegation_id": delegation, "event": event })
}

pub(super) fn function_call(call: &str, name: &str, arguments: &Value) -> Value {
    let item = json!({
        "type": "function_call", "id": format!("fc_{call}"), "call_id": call, "name": name,
        "arguments": arguments.to_string(), "status": "completed",
    });
    json!({ "type": "response.output_item.done", "output_index": 0, "sequence_number": 1, "item": item })
}

pub(super) fn completed() -> Value {
    let usage = json!({
        "input_tokens": 12, "output_tokens": 7, "total_tokens": 19,
        "input_tokens_details": { "cached_tokens": 2 }, "output_tokens_details": { "reasoning_tokens": 0 },
    });
    let response = json!({ "id": "resp_sim", "object": "response", "status": "completed", "usage": usage });
    json!({ "type": "response.completed", "sequence_number": 2, "response": response })
}

pub(super) fn usage(seconds: f64) -> Value {
    json!({ "type": "session.usage.updated", "usage": { "seconds": seconds } })
}

pub(super) fn closed(reason: &str, session: &Value, seconds: f64) -> Value {
    json!({ "type": "session.closed", "reason": reason, "session": session, "usage": { "seconds": seconds } })
}

pub(super) fn error(code: &str, message: &str, param: Option<&str>) -> Value {
    let error = json!({ "type": "invalid_request_error", "code": code, "message": message, "param": param });
    json!({ "type": "error", "error": error })
}
