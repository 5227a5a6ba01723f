//! Making a call by REST, and joining it.

use super::talk::{Conversation, Medium};
use super::{Script, Shared};
use crate::provider::{Fault, Side};
use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::PoisonError;

/// Makes a call, as `POST /api/calls` does.
pub(super) async fn make(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Json(wanted): Json<Value>,
) -> Response {
    let script = &shared.script;
    let mut noted = wanted.clone();
    noted["type"] = "POST /api/calls".into();
    shared.connection.note(Side::Client, noted);
    if let Some(Fault::Refuse { status, body }) = &script.fault {
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, body.clone()).into_response();
    }
    if script.fault == Some(Fault::Hang) {
        shared.connection.ended().await;
    }
    let key = headers.get("X-API-Key").and_then(|v| v.to_str().ok());
    if key != Some(script.key.as_str()) {
        let body = json!({ "detail": "Authentication credentials were not provided or are invalid." });
        return (StatusCode::FORBIDDEN, Json(body)).into_response();
    }
    let medium = match medium(script, &wanted) {
        Ok(medium) => medium,
        Err(wrong) => return (StatusCode::BAD_REQUEST, Json(wrong)).into_response(),
    };
    let id = uuid::Uuid::new_v4().to_string();
    let join = match script.fault {
        Some(Fault::WrongFormat) => Value::Null,
        _ => format!("ws://{}/calls/{id}", shared.address).into(),
    };
    let mut made = shared.made.lock().unwrap_or_else(PoisonError::into_inner);
    made.insert(id.clone(), medium);
    let body =
        json!({ "callId": id, "joinUrl": join, "maxDuration": format!("{}s", script.longest.as_secs()) });
    (StatusCode::CREATED, Json(body)).into_response()
}

/// What a request asks for, or what is wrong with it.
fn medium(script: &Script, wanted: &Value) -> Result<Medium, Value> {
    if wanted["model"] != Value::Null && wanted["model"] != script.model.as_str() {
        return Err(json!({ "model": [format!("Unknown model {}.", wanted["model"])] }));
    }
    let voice = wanted["voice"].as_str();
    if voice.is_some_and(|voice| script.voices.iter().all(|v| v != voice)) {
        return Err(json!({ "voice": [format!("Voice {} does not exist.", wanted["voice"])] }));
    }
    let socket = &wanted["medium"]["serverWebSocket"];
    let Some(input) = socket["inputSampleRate"]
        .as_u64()
        .and_then(|hz| u32::try_from(hz).ok())
    else {
        return Err(json!({ "medium": ["serverWebSocket.inputSampleRate is required."] }));
    };
    let output = socket["outputSampleRate"]
        .as_u64()
        .and_then(|hz| u32::try_from(hz).ok());
    Ok(Medium {
        input_hz: input,
        output_hz: output.unwrap_or(input),
    })
}

/// Joins a call, once.
pub(super) async fn join(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let mut made = shared.made.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(medium) = made.remove(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    drop(made);
    upgrade.on_upgrade(move |socket| async move {
        let talk = Conversation::new(shared.script, id, medium);
        shared.connection.converse(socket, talk).await;
    })
}
