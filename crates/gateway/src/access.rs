//! Who may use a listener: by address, by token.

use crate::config::{Secret, ServerConfig};
use crate::refusal::Refusal;
use axum::extract::Query;
use axum::http::header;
use axum::http::request::Parts;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};

/// The rule of one listener. Without a list every address may, without a token no token is asked for.
pub(crate) struct Access {
    allow: Vec<IpNet>,
    token: Option<Secret>,
    /// The key that configures the token.
    key: &'static str,
    /// Whether the token may stand in the address, for modules that cannot send a header.
    in_query: bool,
}

#[derive(Deserialize)]
struct TokenQuery {
    token: String,
}

impl Access {
    /// The rule of the stream listener.
    pub(crate) fn to_streams(config: &ServerConfig) -> Self {
        Self {
            allow: config.allow.clone(),
            token: config.token.clone(),
            key: "server.token",
            in_query: true,
        }
    }

    /// The rule of the control listener.
    pub(crate) fn to_control(config: &ServerConfig) -> Self {
        Self {
            allow: Vec::new(),
            token: config.control_token.clone(),
            key: "server.control_token",
            in_query: false,
        }
    }

    /// Whether a connection from there may make a request.
    pub(crate) fn admit(&self, peer: SocketAddr) -> Result<(), Refusal> {
        let ip: IpAddr = peer.ip().to_canonical();
        if self.allow.is_empty() || self.allow.iter().any(|net| net.contains(&ip)) {
            return Ok(());
        }
        Err(Refusal::Address(ip))
    }

    /// Whether this request may be served.
    pub(crate) fn check(&self, request: &Parts) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let claim = bearer(request).or_else(|| self.in_query.then(|| query_token(request)).flatten());
        match claim {
            Some(claim) if token.matches(&claim) => Ok(()),
            claim => Err(Refusal::Token {
                shown: claim.is_some(),
                key: self.key,
            }),
        }
    }
}

/// What a request shows as `Authorization: Bearer …`.
pub(crate) fn bearer(request: &Parts) -> Option<String> {
    let value = request.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

fn query_token(request: &Parts) -> Option<String> {
    Query::<TokenQuery>::try_from_uri(&request.uri)
        .ok()
        .map(|Query(query)| query.token)
}
