//! The local API: what an operator sees of this node's calls and FreeSWITCHes, and what he may want of a call. It is served on the
//! control listener, and asks for a token whatever that asks for: nobody else on the machine may hang calls up or read numbers.
//!
//! | request | answer |
//! |---|---|
//! | `GET /calls?domain=NAME\|UUID` | an array of [`LiveCall`] |
//! | `GET /calls/{uuid}?domain=…` | a [`LiveCall`] |
//! | `POST /calls/{uuid}/hangup` `{"now":false}` | 202, [`Taken`] |
//! | `POST /calls/{uuid}/transfer` `{"to":"Billing","force":false}` | 202, [`Taken`] |
//! | `POST /calls/{uuid}/say` `{"text":"…"}` | 202, [`Taken`] |
//! | `GET /pbx` | an array of [`PbxStatus`] |
//!
//! Everything else is a [`Complaint`].

mod answers;
mod destination;
mod order;
mod pbx;
mod refusal;
mod route;
mod sheet;
mod token;

pub use answers::{CallState, Complaint, EndedTransfer, LiveCall, ModuleStatus, PbxState, PbxStatus, Taken};
pub use token::{TOKEN_FILE, TokenError, token};

pub(crate) use pbx::{detail, remedy};
pub(crate) use sheet::Sheet;
pub(crate) use token::make_token;

use crate::calls::{Calls, Oversight};
use crate::config::{PbxConfig, Secret};
use crate::refusal::json;
use crate::reload::Secretaries;
use crate::switches::Switches;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use order::Order;
use refusal::ApiError;
use route::Route;
use secretary::{CallUuid, DomainUuid, SecretarySource};
use serde::Serialize;
use std::sync::Arc;

/// No order is longer.
const BODY_BYTES: usize = 8 * 1024;

/// The API of a node.
pub(crate) struct Api {
    pub(crate) calls: Calls,
    pub(crate) switches: Switches,
    pub(crate) pbx: Vec<PbxConfig>,
    pub(crate) secretaries: Arc<Secretaries>,
    /// What every request must show. None where it could not be kept: then nobody is served.
    pub(crate) token: Option<Secret>,
}

impl Api {
    /// Whether a path is the API's.
    pub(crate) fn serves(path: &str) -> bool {
        matches!(path.split('/').nth(1), Some("calls" | "pbx"))
    }

    /// The answer to a request.
    pub(crate) async fn answer(&self, parts: &Parts, body: Body) -> Response<Body> {
        match self.carried_out(parts, body).await {
            Ok(response) => response,
            Err(error) => {
                // What is wrong is for whoever asks: it may repeat a number.
                tracing::info!(method = %parts.method, path = parts.uri.path(), status = error.status().as_u16(), "the API refused");
                error.response()
            }
        }
    }

    async fn carried_out(&self, parts: &Parts, body: Body) -> Result<Response<Body>, ApiError> {
        token::check(self.token.as_ref(), parts)?;
        let domain = route::domain(&parts.uri, &self.secretaries.snapshot())?;
        match Route::of(parts)? {
            Route::List => Ok(told(StatusCode::OK, &self.calls.sheets(domain))),
            Route::Show(call) => {
                let sheet = self.overseen(call, domain)?.sheet.read();
                let call = sheet.ok_or(ApiError::NoSuchCall(call))?;
                Ok(told(StatusCode::OK, &call))
            }
            Route::Order(call, kind) => {
                let bytes = to_bytes(body, BODY_BYTES).await.map_err(|_| ApiError::TooLong)?;
                let order = Order::read(kind, &bytes)?;
                let taken = order.give(call, &self.overseen(call, domain)?)?;
                Ok(told(StatusCode::ACCEPTED, &taken))
            }
            Route::Pbx => {
                let statuses = pbx::statuses(&self.switches, &self.pbx, &self.calls.sheets(None)).await;
                Ok(told(StatusCode::OK, &statuses))
            }
        }
    }

    /// The one call that is meant.
    fn overseen(&self, call: CallUuid, domain: Option<DomainUuid>) -> Result<Oversight, ApiError> {
        let mut found = self.calls.named(call, domain).into_iter();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(ApiError::Several(call)),
            (None, _) => Err(ApiError::NoSuchCall(call)),
        }
    }
}

fn told(status: StatusCode, answer: &impl Serialize) -> Response<Body> {
    // Our own types have text keys alone.
    json(status, &serde_json::to_value(answer).unwrap_or_default())
}
