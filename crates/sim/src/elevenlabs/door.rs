//! Who is let in: the signed URL of a private agent, and the upgrade.

use super::Shared;
use super::talk::Conversation;
use crate::provider::{Fault, Out, Received, Side, Talk};
use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::BTreeMap;

/// Stands in for the signature of a URL.
const SIGNATURE: &str = "cvtkn_sim";

/// Gives a signed URL, as `GET /v1/convai/conversation/get-signed-url?agent_id=…` does.
pub(super) async fn sign(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let script = &shared.script;
    if let Some(Fault::Refuse { status, body }) = &script.fault {
        return refusal(*status, body.clone());
    }
    let key = headers.get("xi-api-key").and_then(|v| v.to_str().ok());
    if key != Some(script.key.as_str()) {
        return refused(401, "invalid_api_key", "Invalid API key");
    }
    let agent = query.get("agent_id").cloned().unwrap_or_default();
    if agent != script.agent {
        let message = format!("Document with id {agent} not found.");
        return refused(404, "document_not_found", &message);
    }
    shared.connection.note(
        Side::Client,
        json!({ "type": "get-signed-url", "agent_id": agent }),
    );
    let address = shared.address;
    let url =
        format!("ws://{address}/v1/convai/conversation?agent_id={agent}&conversation_signature={SIGNATURE}");
    Json(json!({ "signed_url": url })).into_response()
}

/// Upgrades, as `GET /v1/convai/conversation?agent_id=…` does. Who is not welcome is told so by a close frame.
pub(super) async fn upgrade(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Some(Fault::Refuse { status, body }) = &shared.script.fault {
        return refusal(*status, body.clone());
    }
    let unwelcome = unwelcome(&shared, &query);
    upgrade.on_upgrade(move |socket| async move {
        match unwelcome {
            Some(farewell) => shared.connection.converse(socket, farewell).await,
            None => {
                let talk = Conversation::new(shared.script);
                shared.connection.converse(socket, talk).await;
            }
        }
    })
}

fn unwelcome(shared: &Shared, query: &BTreeMap<String, String>) -> Option<Farewell> {
    let script = &shared.script;
    if query.get("agent_id") != Some(&script.agent) {
        let reason = "The AI agent you are trying to reach does not exist.";
        return Some(Farewell(3000, reason));
    }
    let signed = query
        .get("conversation_signature")
        .is_some_and(|s| s == SIGNATURE);
    let reason = "Authorization is required to access this agent.";
    (script.private && !signed).then_some(Farewell(3000, reason))
}

/// A conversation that is closed at once.
struct Farewell(u16, &'static str);

impl Talk for Farewell {
    fn begin(&mut self) -> Vec<Out> {
        vec![Out::Close(self.0, self.1.into())]
    }

    fn receive(&mut self, _: Received<'_>) -> Vec<Out> {
        Vec::new()
    }
}

fn refused(status: u16, kind: &str, message: &str) -> Response {
    let body = json!({ "detail": { "status": kind, "message": message } });
    refusal(status, body.to_string())
}

fn refusal(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, body).into_response()
}
