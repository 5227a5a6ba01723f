//! The upgrade. The real API takes every key here and refuses it on the connection.

use super::talk::Conversation;
use super::{Fault, Shared};
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

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
        .get("x-goog-api-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    upgrade.on_upgrade(async move |socket| {
        let talk = Conversation::new(shared.script, shared.memory, key);
        shared.connection.converse(socket, talk).await;
    })
}
