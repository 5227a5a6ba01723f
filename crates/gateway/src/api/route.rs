//! What a request asks for.

use super::refusal::ApiError;
use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use secretary::{CallUuid, DomainUuid, Snapshot};
use serde::Deserialize;

/// One thing that is asked for.
pub(super) enum Route {
    /// The calls.
    List,
    /// One of them.
    Show(CallUuid),
    /// Something of one of them.
    Order(CallUuid, Kind),
    /// The FreeSWITCHes.
    Pbx,
}

/// What is wanted of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    HangUp,
    Transfer,
    Say,
}

impl Route {
    pub(super) fn of(parts: &Parts) -> Result<Self, ApiError> {
        let path = parts.uri.path();
        let steps: Vec<&str> = path.split('/').skip(1).collect();
        let (route, method) = match steps.as_slice() {
            ["calls"] => (Self::List, Method::GET),
            ["pbx"] => (Self::Pbx, Method::GET),
            ["calls", call] => (Self::Show(call.parse()?), Method::GET),
            ["calls", call, kind] => (Self::Order(call.parse()?, Kind::of(kind, path)?), Method::POST),
            _ => return Err(ApiError::no_such_path(path)),
        };
        if parts.method != method {
            let wanted = method;
            let asked = parts.method.clone();
            return Err(ApiError::Method { asked, wanted });
        }
        Ok(route)
    }
}

impl Kind {
    fn of(step: &str, path: &str) -> Result<Self, ApiError> {
        match step {
            "hangup" => Ok(Self::HangUp),
            "transfer" => Ok(Self::Transfer),
            "say" => Ok(Self::Say),
            _ => Err(ApiError::no_such_path(path)),
        }
    }
}

#[derive(Deserialize)]
struct DomainQuery {
    domain: Option<String>,
}

/// The tenant to which a request is restricted, if it is to any.
pub(super) fn domain(uri: &Uri, snapshot: &Snapshot) -> Result<Option<DomainUuid>, ApiError> {
    let query = Query::<DomainQuery>::try_from_uri(uri).map_err(|_| ApiError::Query)?;
    let Some(wanted) = query.0.domain else {
        return Ok(None);
    };
    let uuid = wanted.parse::<DomainUuid>().ok();
    let mut domains = snapshot.domains.values();
    let found = domains.find(|domain| uuid == Some(domain.uuid) || domain.name.eq_ignore_ascii_case(&wanted));
    match found {
        Some(domain) => Ok(Some(domain.uuid)),
        None => Err(ApiError::UnknownDomain(wanted)),
    }
}
