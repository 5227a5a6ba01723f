//! The upgrade's checks.

use super::talk::Conversation;
use super::{Fault, Shared};
use axum::Json;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

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
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Token ").or(value.strip_prefix("Bearer ")));
    if key != Some(shared.script.key.as_str()) {
        let body =
            json!({ "err_code": "INVALID_AUTH", "err_msg": "Invalid credentials.", "request_id": "sim" });
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    upgrade.on_upgrade(async move |socket| {
        let talk = Conversation::new(shared.script);
        shared.connection.converse(socket, talk).await;
    })
}
