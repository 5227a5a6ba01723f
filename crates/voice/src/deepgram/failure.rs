//! What errors mean for a call, and what an operator can do about them. Codes are those of Deepgram's documentation
//! (developers.deepgram.com/docs/voice-agent-errors-warnings) and of its users' reports.

use super::protocol::Complaint;
use crate::service::Place;
use call::FailureKind;

/// How many characters of a description are repeated.
const QUOTED: usize = 160;

/// Sorts an `Error`. `is_ready` is whether the caller may have spoken, so that his words may be in it.
pub(super) fn of_error(error: &Complaint, is_ready: bool, place: &Place) -> (FailureKind, String) {
    let kind = kind_of(error);
    let service = &place.service;
    let code = identifier(&error.code);
    let what = if is_ready {
        format!("{service} reported {code}")
    } else {
        format!(
            "{service} refused the session ({code}: {})",
            quoted(&error.description)
        )
    };
    (kind, with_remedy(kind, &what, place))
}

fn kind_of(error: &Complaint) -> FailureKind {
    let code = error.code.to_uppercase();
    let described = error.description.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| described.contains(word));
    match code.as_str() {
        "INVALID_AUTH" | "INSUFFICIENT_PERMISSIONS" => FailureKind::Unauthorized,
        "PAYMENT_REQUIRED" | "ASR_PAYMENT_REQUIRED" | "INSUFFICIENT_FUNDS" => FailureKind::Quota,
        "TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED" => FailureKind::RateLimited,
        "INVALID_SETTINGS" | "UNPARSABLE_CLIENT_MESSAGE" => FailureKind::Unsupported,
        "MAX_SESSION_DURATION" | "SESSION_TIMEOUT" => FailureKind::Expired,
        _ if says(&["maximum session", "session length", "session duration"]) => FailureKind::Expired,
        _ if says(&["rate limit", "too many"]) => FailureKind::RateLimited,
        _ if says(&["credit", "balance", "payment"]) => FailureKind::Quota,
        _ => FailureKind::Transient,
    }
}

/// What a close frame means.
pub(super) fn of_close(code: u16, place: &Place) -> (FailureKind, String) {
    let kind = match code {
        1002 | 1003 | 1007 => FailureKind::Protocol,
        1008 => FailureKind::Policy,
        _ => FailureKind::Transient,
    };
    let what = format!("{} closed the connection with code {code}", place.service);
    (kind, with_remedy(kind, &what, place))
}

/// A code without anything that could be the caller's words.
pub(super) fn identifier(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let code: String = text.chars().filter(plain).take(48).collect();
    if code.is_empty() { "no code".into() } else { code }
}

fn quoted(description: &str) -> String {
    description
        .chars()
        .filter(|c| !c.is_control())
        .take(QUOTED)
        .collect()
}

/// A failure with what would mend it.
pub(super) fn with_remedy(kind: FailureKind, what: &str, place: &Place) -> String {
    let (table, settings) = (&place.table, place.settings);
    let remedy = match kind {
        FailureKind::Unauthorized => {
            format!("set {table}.api_key to a valid key that may use the Voice Agent API")
        }
        FailureKind::Quota => "add credit to the Deepgram project of the key".into(),
        FailureKind::RateLimited => {
            "raise the project's limit of concurrent sessions or lower the calls of this node".into()
        }
        FailureKind::Unsupported => {
            format!("check {settings} in [{table}] and the secretary's voice and tools")
        }
        FailureKind::Policy => {
            "check the secretary's instructions against the policies of the model's provider".into()
        }
        FailureKind::Transient => {
            "a later call may succeed; see https://status.deepgram.com if it lasts".into()
        }
        FailureKind::Protocol => format!("check that {table}.url is a Voice Agent API (/v1/agent/converse)"),
        FailureKind::Expired => {
            "a session lasts two hours at most; the next one goes on with the conversation".into()
        }
    };
    format!("{what}; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(code: &str, description: &str, is_ready: bool) -> (FailureKind, String) {
        let place = Place {
            service: "agent.example".into(),
            table: "engines.deepgram".into(),
            settings: "model",
        };
        let complaint = Complaint {
            code: code.into(),
            description: description.into(),
        };
        of_error(&complaint, is_ready, &place)
    }

    #[test]
    fn codes_go_before_descriptions_and_the_unknown_is_transient() {
        for (code, description, kind) in [
            (
                "INVALID_SETTINGS",
                "model not available",
                FailureKind::Unsupported,
            ),
            ("UNPARSABLE_CLIENT_MESSAGE", "", FailureKind::Unsupported),
            ("FAILED_TO_THINK", "The provider failed.", FailureKind::Transient),
            (
                "FAILED_TO_THINK",
                "rate limit of the provider",
                FailureKind::RateLimited,
            ),
            (
                "SOMETHING_NEW",
                "Maximum session length reached",
                FailureKind::Expired,
            ),
            ("CLIENT_MESSAGE_TIMEOUT", "", FailureKind::Transient),
        ] {
            assert_eq!(sorted(code, description, true).0, kind, "{code} {description}");
        }
    }

    #[test]
    fn a_description_is_repeated_only_before_anybody_has_spoken() {
        let opening = sorted("INVALID_SETTINGS", "model not available", false).1;
        assert!(
            opening.contains("(INVALID_SETTINGS: model not available); check model in [engines.deepgram]"),
            "{opening}"
        );
        let later = sorted("FAILED_TO_THINK", "the caller's words", true).1;
        assert!(
            later.contains("FAILED_TO_THINK") && !later.contains("words"),
            "{later}"
        );
    }
}
