//! Answers to requests that cannot be served: what is wrong, with which value, and what would be right.

use crate::allowance::Exhausted;
use crate::calls::AdmitError;
use crate::claims::{ClaimError, Untruth};
use crate::limits::{Excess, TooFast};
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use secretary::{DomainUuid, IdError};
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

/// How long a module should wait before it asks a full node again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// The form of a stream's path.
const STREAM_FORM: &str = "/stream/{domain_uuid}/{call_uuid}";

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// Nothing is at that path.
    #[error("there is nothing at {0}")]
    NoSuchPath(String),
    /// Only GET is served.
    #[error("{0} is not served here")]
    Method(String),
    /// A part of the path is no UUID.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The domain is not configured.
    #[error("domain {0} is not configured on this node")]
    UnknownDomain(DomainUuid),
    /// The request is no WebSocket upgrade.
    #[error("a call's stream is a WebSocket, and this request does not ask for one ({0})")]
    NoUpgrade(String),
    /// The address is not on the list.
    #[error("{0} may not stream to this node")]
    Address(IpAddr),
    /// A token is needed and none, or another, was shown.
    #[error("{}", if *shown { "the token is not the right one" } else { "a token is needed" })]
    Token {
        /// Whether one was shown.
        shown: bool,
        /// The key that configures it.
        key: &'static str,
    },
    /// The address asks too much.
    #[error(transparent)]
    Excess(#[from] Excess),
    /// The address claims what FreeSWITCH does not confirm.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The domain's streams begin too fast.
    #[error(transparent)]
    TooFast(#[from] TooFast),
    /// There is no place for the call.
    #[error(transparent)]
    NotAdmitted(#[from] AdmitError),
}

impl Refusal {
    /// The HTTP status.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Id(_) => StatusCode::BAD_REQUEST,
            Self::UnknownDomain(_) | Self::Address(_) | Self::Claim(ClaimError::Untrue { .. }) => {
                StatusCode::FORBIDDEN
            }
            Self::Excess(_) | Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Claim(ClaimError::Unverified { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoUpgrade(_) => StatusCode::UPGRADE_REQUIRED,
            Self::Token { .. } => StatusCode::UNAUTHORIZED,
            Self::NotAdmitted(AdmitError::Attached(_)) => StatusCode::CONFLICT,
            Self::NotAdmitted(AdmitError::Ended(_)) => StatusCode::GONE,
            Self::NotAdmitted(
                AdmitError::DomainFull { .. }
                | AdmitError::Exhausted(_)
                | AdmitError::NodeFull(_)
                | AdmitError::Draining,
            ) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The word under which it is counted.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::NoSuchPath(_) => "path",
            Self::Method(_) => "method",
            Self::Id(_) => "uuid",
            Self::UnknownDomain(_) => "domain",
            Self::NoUpgrade(_) => "no_upgrade",
            Self::Address(_) => "address",
            Self::Token { .. } => "token",
            Self::Excess(Excess::Connections { .. }) => "address_connections",
            Self::Excess(Excess::Requests { .. }) => "address_rate",
            Self::TooFast(_) => "domain_rate",
            Self::Claim(ClaimError::Untrue { reason, .. }) => match reason {
                Untruth::NoSuchCall => "no_such_call",
                Untruth::OtherDomain(_) => "other_domain",
                Untruth::NoDomain => "no_domain",
            },
            Self::Claim(ClaimError::Unverified { .. }) => "unverified",
            Self::NotAdmitted(AdmitError::Attached(_)) => "attached",
            Self::NotAdmitted(AdmitError::Ended(_)) => "ended",
            Self::NotAdmitted(AdmitError::DomainFull { .. }) => "domain_full",
            Self::NotAdmitted(AdmitError::Exhausted(Exhausted::Minutes { .. })) => "domain_minutes",
            Self::NotAdmitted(AdmitError::Exhausted(Exhausted::Spend { .. })) => "domain_spend",
            Self::NotAdmitted(AdmitError::NodeFull(_)) => "node_full",
            Self::NotAdmitted(AdmitError::Draining) => "draining",
        }
    }

    /// What the log says besides; the other end must not learn it.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Claim(ClaimError::Untrue { reason, .. }) => reason.to_string(),
            Self::Claim(ClaimError::Unverified { reason }) => reason.clone(),
            _ => String::new(),
        }
    }

    fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::NoSuchPath(_) => {
                format!("a call streams to ws://…{STREAM_FORM}; /health/live and /health/ready tell whether the node takes them")
                    .into()
            }
            Self::Method(_) => "use GET".into(),
            Self::Id(_) => format!("the path is {STREAM_FORM}, both in the hyphenated form").into(),
            Self::UnknownDomain(uuid) => {
                format!("add [[domains]] with uuid = \"{uuid}\" to the configuration, or correct the script's domain_uuid")
                    .into()
            }
            Self::NoUpgrade(_) => format!(
                "let mod_audio_stream call this address (uuid_audio_stream <uuid> start ws://…{STREAM_FORM} …), or try \
                 it with `voice-ai call`; a browser's page does not speak it"
            )
            .into(),
            Self::Address(ip) => format!("add \"{ip}\" or its network to server.allow").into(),
            Self::Token { key, .. } => format!(
                "send the secret of {key} as `Authorization: Bearer …` (channel variable STREAM_EXTRA_HEADERS) or, on a \
                 stream, as ?token=…"
            )
            .into(),
            Self::Excess(Excess::Connections { .. }) => {
                "wait until some have ended, or raise server.address_handshakes".into()
            }
            Self::Excess(Excess::Requests { .. }) => {
                "wait, or raise server.address_requests_per_second and server.address_request_burst".into()
            }
            Self::TooFast(_) => "wait, or raise streams_per_second and stream_burst of the domain".into(),
            Self::Claim(ClaimError::Untrue { .. }) => {
                "stream a channel that lives on a FreeSWITCH of [[pbx]] and whose variable domain_uuid is the address's; the                  node's log says what is not so"
                    .into()
            }
            Self::Claim(ClaimError::Unverified { .. }) => {
                "`voice-ai pbx status` tells what is wrong with the connection; until then send the call to its fallback".into()
            }
            Self::NotAdmitted(AdmitError::Attached(_)) => "stop the first stream before another is started".into(),
            Self::NotAdmitted(AdmitError::Ended(_)) => "hang the channel up, or stream a new call".into(),
            Self::NotAdmitted(AdmitError::DomainFull { .. } | AdmitError::NodeFull(_)) => {
                "try again when a call has ended, or raise the limit".into()
            }
            Self::NotAdmitted(AdmitError::Exhausted(exhausted)) => format!(
                "send the call elsewhere until then, or raise {} of the domain",
                exhausted.key()
            )
            .into(),
            Self::NotAdmitted(AdmitError::Draining) => "try again, or stream to another node".into(),
        }
    }

    /// When a call may be tried again, in seconds.
    fn retry_after(&self) -> HeaderValue {
        match self {
            Self::NotAdmitted(AdmitError::Exhausted(exhausted)) => {
                let seconds = exhausted.renewed().as_second() - Timestamp::now().as_second();
                HeaderValue::from(seconds.max(0))
            }
            Self::Excess(Excess::Requests { wait, .. }) | Self::TooFast(TooFast { wait, .. }) => {
                HeaderValue::from(whole_seconds(*wait))
            }
            Self::Excess(Excess::Connections { .. }) | Self::Claim(_) => HeaderValue::from_static("1"),
            _ => RETRY_AFTER,
        }
    }

    /// The answer: the status, and a JSON object with `error` and `remedy`.
    pub(crate) fn response(&self) -> Response<Body> {
        let body = serde_json::json!({ "error": self.to_string(), "remedy": self.remedy() });
        let mut response = json(self.status(), &body);
        let headers = response.headers_mut();
        match self.status() {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::UPGRADE_REQUIRED => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, self.retry_after());
            }
            _ => {}
        }
        response
    }
}

/// At least so many whole seconds, and at least one.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1_000).max(1) as u64
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{body}\n")));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
