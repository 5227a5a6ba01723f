//! One connection of the stand-in: the upgrade's checks, then messages to and from its talk.

use super::script::{Fault, Script};
use super::talk::{Out, Talk};
use super::{Shared, Side};
use axum::Json;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::sync::watch;

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
    upgrade.on_upgrade(move |socket| converse(socket, shared))
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
    let key = headers
        .get(AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    if key != Some(script.key.as_str()) {
        return Some((StatusCode::UNAUTHORIZED, "invalid_api_key".into()));
    }
    if query.get("model") != Some(&script.model) {
        return Some((StatusCode::NOT_FOUND, "model_not_found".into()));
    }
    None
}

/// Counts a connection while it is open.
struct Open(watch::Sender<super::Log>);

impl Open {
    fn new(log: watch::Sender<super::Log>) -> Self {
        log.send_modify(|log| log.open += 1);
        Self(log)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|log| log.open -= 1);
    }
}

async fn converse(mut socket: WebSocket, shared: Shared) {
    let _open = Open::new(shared.log.clone());
    let mut talk = Talk::new(shared.script.clone());
    let mut outs = talk.begin();
    loop {
        for out in outs {
            if !send(&mut socket, &shared, out).await {
                return;
            }
        }
        let message = tokio::select! {
            () = shared.end.cancelled() => return,
            message = socket.recv() => message,
        };
        outs = match message {
            Some(Ok(Message::Text(text))) => heard(&mut talk, &shared, &text),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            Some(Ok(_)) => Vec::new(),
        };
    }
}

fn heard(talk: &mut Talk, shared: &Shared, text: &str) -> Vec<Out> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(event) => {
            shared.log(Side::Client, event.clone());
            talk.receive(&event)
        }
        Err(_) => talk.no_json(),
    }
}

/// Sends one thing. False if nothing more is to be sent.
async fn send(socket: &mut WebSocket, shared: &Shared, out: Out) -> bool {
    match out {
        Out::Event(event) => {
            let text = event.to_string();
            shared.log(Side::Server, event);
            socket.send(Message::Text(text.into())).await.is_ok()
        }
        Out::Raw(text) => socket.send(Message::Text(text.into())).await.is_ok(),
        Out::Close(code) => {
            let frame = CloseFrame {
                code,
                reason: "".into(),
            };
            // The other side may be gone already, which is as good.
            let _ = socket.send(Message::Close(Some(frame))).await;
            false
        }
        Out::Stall => {
            shared.end.cancelled().await;
            false
        }
    }
}
