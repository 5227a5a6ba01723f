//! The control listener: metrics, health, and the API of an operator.

use crate::access::Access;
use crate::api::Api;
use crate::health::Health;
use crate::keeping::Kept;
use crate::listen::Answer;
use crate::metrics::Metrics;
use crate::refusal::{Refusal, json};
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::sync::Arc;

/// The control listener's site.
pub(crate) struct Control {
    pub(crate) access: Access,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Metrics,
    pub(crate) kept: Kept,
    pub(crate) api: Api,
}

impl Answer for Control {
    async fn answer(self: Arc<Self>, peer: SocketAddr, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        if let Err(refusal) = self.access.check(&parts) {
            tracing::warn!(%peer, "control refused: {refusal}");
            return refusal.response();
        }
        if Api::serves(parts.uri.path()) {
            return self.api.answer(&parts, Body::new(body)).await;
        }
        if parts.method != Method::GET {
            return Refusal::Method(parts.method.as_str().into()).response();
        }
        match parts.uri.path() {
            "/metrics" => self.metrics(),
            "/health/live" => self.health.live(),
            "/health/ready" => self.health.ready_in_detail().await,
            path => {
                let error = format!("there is nothing at {}", path.escape_debug());
                let remedy = "use /metrics, /health/live, /health/ready, /calls or /pbx";
                json(
                    StatusCode::NOT_FOUND,
                    &serde_json::json!({ "error": error, "remedy": remedy }),
                )
            }
        }
    }
}

impl Control {
    fn metrics(&self) -> Response<Body> {
        self.metrics.journal(&self.kept.keeper.state());
        let Ok(text) = self.metrics.text() else {
            let error = serde_json::json!({ "error": "the metrics could not be written" });
            return json(StatusCode::INTERNAL_SERVER_ERROR, &error);
        };
        let mut response = Response::new(Body::from(text));
        let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}
