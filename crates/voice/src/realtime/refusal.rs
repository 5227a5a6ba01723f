//! What it means that there is no connection, in words for the operator.

use super::Refused;
use crate::engine::ConnectError;
use crate::service::{Failure, Place};
use call::FailureKind;

impl Refused {
    /// Sorts it, with the remedy of its kind. `private` are texts that no message may repeat.
    pub(crate) fn sorted(self, place: &Place, private: &[&str]) -> ConnectError {
        let (service, table) = (&place.service, &place.table);
        match self {
            Self::Status { status, body } => {
                let body = body.unwrap_or_default();
                place
                    .of_status(status, &String::from_utf8_lossy(&body), private)
                    .into()
            }
            Self::NoWebSocket(reason) => ConnectError {
                kind: FailureKind::Protocol,
                message: format!("{service} does not speak WebSocket: {reason}; check {table}.url"),
            },
            Self::Unreachable(reason) => ConnectError {
                kind: FailureKind::Transient,
                message: format!(
                    "{service} cannot be reached: {reason}; check {table}.url, this machine's DNS, clock, firewall and any proxy"
                ),
            },
        }
    }
}

impl From<Failure> for ConnectError {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
        }
    }
}
