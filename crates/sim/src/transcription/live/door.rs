//! Who is let in.

use super::{Shared, Trouble, deepgram, scribe};
use crate::provider::Side;
use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::PoisonError;

/// `GET /v1/listen`.
pub(super) async fn deepgram(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let query = query.unwrap_or_default();
    let has = |parameter: &str| query.split('&').any(|given| given == parameter);
    if !is(&headers, "authorization", &format!("Token {}", shared.script.key)) {
        let body = json!({"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials.", "request_id": "1"});
        return refused(401, body);
    }
    if !(has("encoding=linear16") && has("sample_rate=16000") && query.contains("model=")) {
        let body = json!({"err_code": "Bad Request", "err_msg": "this stand-in hears linear16 of 16000 Hz alone", "request_id": "1"});
        return refused(400, body);
    }
    let trouble = shared.next(&query);
    if let Some(Trouble::Refuse(status, body)) = trouble {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, body).into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        let talk = deepgram::Listening::new(shared.script, trouble);
        shared.connection.converse(socket, talk).await;
    })
}

/// `GET /v1/speech-to-text/realtime`.
pub(super) async fn scribe(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let query = query.unwrap_or_default();
    if !is(&headers, "xi-api-key", &shared.script.key) {
        let body = json!({"detail": {"status": "invalid_api_key", "message": "Invalid API key"}});
        return refused(401, body);
    }
    let has = |parameter: &str| query.split('&').any(|given| given == parameter);
    if !(has("audio_format=pcm_16000") && has("commit_strategy=manual") && query.contains("model_id=")) {
        let body = json!({"detail": {"status": "invalid_request", "message": "this stand-in hears pcm_16000 and commits by hand alone"}});
        return refused(400, body);
    }
    let trouble = shared.next(&query);
    if let Some(Trouble::Refuse(status, body)) = trouble {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, body).into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        let talk = scribe::Transcribing::new(shared.script, trouble);
        shared.connection.converse(socket, talk).await;
    })
}

impl Shared {
    /// What goes wrong with the next connection.
    fn next(&self, query: &str) -> Option<Trouble> {
        self.connection
            .note(Side::Client, json!({"type": "connect", "query": query}));
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.pop_front()
    }
}

fn is(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get(name).is_some_and(|given| given == value)
}

fn refused(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}
