//! The checks of an upgrade.

use super::Shared;
use super::talk::Conversation;
use crate::provider::Fault;
use axum::Json;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Checks a request as the API does, and upgrades it.
pub(super) async fn upgrade(
    State(shared): State<Shared>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Some(Fault::Refuse { status, body }) = &shared.script.fault {
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, body.clone()).into_response();
    }
    let key = headers
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    if key != Some(shared.script.key.as_str()) {
        let error = json!({ "type": "invalid_request_error", "code": "invalid_api_key", "message": "no" });
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": error }))).into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        let talk = Conversation::new(shared.script);
        shared.connection.converse(socket, talk).await;
    })
}
