//! Why a request comes to nothing, with what would help.

use super::answers::{CallState, Complaint};
use crate::refusal::json;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use secretary::{CallUuid, IdError};

/// Why a request comes to nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum ApiError {
    #[error("this node could not keep a token, and serves nobody here")]
    NoToken,
    #[error("{}", if *shown { "the token is not the right one" } else { "a token is needed" })]
    Token { shown: bool },
    #[error("there is nothing at {0}")]
    NoSuchPath(String),
    #[error("{asked} is not served here")]
    Method { asked: Method, wanted: Method },
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("the query cannot be read")]
    Query,
    #[error("the request is longer than any order")]
    TooLong,
    #[error("the request's JSON cannot be used: {0}")]
    Body(String),
    #[error("no domain {0:?} is configured on this node")]
    UnknownDomain(String),
    #[error("there is no call {0}")]
    NoSuchCall(CallUuid),
    #[error("several domains have a call {0}")]
    Several(CallUuid),
    #[error("the call cannot be {what} now: {state}")]
    State { state: CallState, what: &'static str },
    #[error("call {0} takes no more orders")]
    Busy(CallUuid),
    #[error("a text of {length} characters cannot be said")]
    Text { length: usize, longest: usize },
    #[error("several destinations are called like {wanted:?}: {names}")]
    Which { wanted: String, names: String },
    #[error("the call's secretary has no destination {wanted:?}")]
    Nobody { wanted: String, names: String },
    #[error("nobody is there: {name} opens {opens}")]
    Closed { name: String, opens: String },
    #[error("the secretary's hours cannot be read: {0}")]
    Hours(String),
}

impl ApiError {
    pub(super) fn no_such_path(path: &str) -> Self {
        Self::NoSuchPath(path.escape_debug().to_string())
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Token { .. } => StatusCode::UNAUTHORIZED,
            Self::NoSuchPath(_) | Self::UnknownDomain(_) | Self::NoSuchCall(_) => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Id(_) | Self::Query | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Several(_) | Self::State { .. } | Self::Closed { .. } => StatusCode::CONFLICT,
            Self::Text { .. } | Self::Which { .. } | Self::Nobody { .. } | Self::Hours(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::NoToken => "let the service's user write data.dir, or set server.control_token; then restart it".into(),
            Self::Token { .. } => {
                "send the token of server.control_token, or of control.token in data.dir, as `Authorization: Bearer …`; \
                 `voice-ai` does so when it reads the service's own configuration (--config)"
                    .into()
            }
            Self::NoSuchPath(_) => "use /calls, /calls/{uuid}, /calls/{uuid}/hangup, …/transfer, …/say or /pbx".into(),
            Self::Method { wanted, .. } => format!("use {wanted}"),
            Self::Id(_) => "give the call's UUID in the hyphenated form, as `voice-ai calls list` shows it".into(),
            Self::Query => "restrict it by ?domain=NAME or ?domain=UUID, or by nothing".into(),
            Self::TooLong => "send less than 8 KiB".into(),
            Self::Body(_) => {
                "send {\"now\":true} to hangup, {\"to\":\"a name or number\",\"force\":false} to transfer, {\"text\":\"…\"} to say".into()
            }
            Self::UnknownDomain(_) => "give a domain's name or UUID as in [[domains]]".into(),
            Self::NoSuchCall(_) => {
                "`voice-ai calls list` shows the calls that live; this one has ended, is on another node or is another domain's".into()
            }
            Self::Several(_) => "say which domain's is meant (--domain)".into(),
            Self::State { .. } => "`voice-ai calls show` tells what becomes of it; try again then".into(),
            Self::Busy(_) => "try again in a moment".into(),
            Self::Text { longest, .. } => format!("give 1 to {longest} characters, none of them a control character"),
            Self::Which { .. } => "give the whole name, or the number".into(),
            Self::Nobody { names, .. } if names.is_empty() => {
                "it has none: give it [[destinations]], as nothing else is dialled".into()
            }
            Self::Nobody { names, .. } => format!("there is {names}"),
            Self::Closed { .. } => "--force hands the call over all the same".into(),
            Self::Hours(_) => "`voice-ai secretaries check` tells where they are wrong".into(),
        }
    }

    /// The answer: the status, and a [`Complaint`].
    pub(super) fn response(&self) -> Response<Body> {
        let Complaint { error, remedy } = Complaint {
            error: self.to_string(),
            remedy: self.remedy(),
        };
        let body = serde_json::json!({ "error": error, "remedy": remedy });
        let mut response = json(self.status(), &body);
        let headers = response.headers_mut();
        match self {
            Self::Token { .. } => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Method { wanted, .. } => {
                if let Ok(wanted) = HeaderValue::from_str(wanted.as_str()) {
                    headers.insert(header::ALLOW, wanted);
                }
            }
            _ => {}
        }
        response
    }
}
