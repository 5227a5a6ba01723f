//! The checks of an upgrade.

use super::Shared;
use super::script::{Dialect, Fault, Script};
use super::talk::Conversation;
use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::BTreeMap;

/// Checks a request as the API does, and upgrades it.
pub(super) async fn upgrade(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Some((status, code)) = refusal(&shared.script, &query, &headers) {
        return (
            status,
            Json(json!({ "error": { "type": "invalid_request_error", "code": code } })),
        )
            .into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        let talk = Conversation::new(shared.script);
        shared.connection.converse(socket, talk).await;
    })
}

fn refusal(
    script: &Script,
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
) -> Option<(StatusCode, String)> {
    if let Some(Fault::Refuse { status, code }) = &script.fault {
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Some((status, code.clone()));
    }
    if headers.contains_key("OpenAI-Beta") {
        return Some((StatusCode::BAD_REQUEST, "beta_api_shape_disabled".into()));
    }
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let key = match script.dialect {
        Dialect::Azure => header("api-key"),
        _ => header("authorization").and_then(|v| v.strip_prefix("Bearer ")),
    };
    if key != Some(script.key.as_str()) {
        return Some((StatusCode::UNAUTHORIZED, "invalid_api_key".into()));
    }
    if query
        .get("conversation_id")
        .is_some_and(|id| id != super::dialect::CONVERSATION)
    {
        return Some((StatusCode::NOT_FOUND, "conversation_not_found".into()));
    }
    if query.get("model") != Some(&script.model) {
        return Some((StatusCode::NOT_FOUND, "model_not_found".into()));
    }
    None
}
