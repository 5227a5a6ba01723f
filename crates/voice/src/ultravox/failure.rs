//! What it means that a call at Ultravox ends, and what an operator can do about it.

use crate::service::Place;
use call::FailureKind;

/// What a close frame means.
pub(super) fn of_close(code: u16, reason: &str, place: &Place) -> (FailureKind, String) {
    let quote: String = reason.chars().filter(|c| !c.is_control()).take(120).collect();
    let kind = match code {
        3000 | 3003 => FailureKind::Unauthorized,
        1002 | 1003 | 1007 => FailureKind::Protocol,
        1008 => FailureKind::Policy,
        _ => FailureKind::Transient,
    };
    let what = format!("Ultravox closed the call with code {code} ({quote})");
    (kind, plain(kind, &what, place))
}

/// A failure with the remedy of its kind.
pub(super) fn plain(kind: FailureKind, what: &str, place: &Place) -> String {
    let table = &place.table;
    let remedy = match kind {
        FailureKind::Unauthorized => format!("set {table}.api_key to a valid key"),
        FailureKind::Quota => "add credit at Ultravox or raise the plan".into(),
        FailureKind::RateLimited => {
            "raise the plan's concurrent calls or lower the calls of this node".into()
        }
        FailureKind::Unsupported => format!("check {table}.model, and the secretary's voice and tools"),
        FailureKind::Policy => "check the secretary's instructions against Ultravox' terms".into(),
        FailureKind::Transient => {
            "a later call may succeed; see https://status.ultravox.ai if it lasts".into()
        }
        FailureKind::Protocol => format!("check that {table}.url is that of Ultravox' API"),
        FailureKind::Expired => format!("raise {table}.longest or lower limits.total_ms of the secretary"),
    };
    format!("{what}; {remedy}")
}
