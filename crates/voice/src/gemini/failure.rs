//! What a closed connection means. The API upgrades every connection and refuses it by a close frame whose reason is in words; the
//! words are as users report them, and none is promised.

use crate::service::Place;
use call::FailureKind;

/// Where the session stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stood {
    /// It was being configured.
    Opening,
    /// It was being configured with the handle of one before.
    Resuming,
    /// It was in use.
    Talking,
}

/// How many characters of a reason are repeated.
const QUOTED: usize = 160;

/// Words of a reason, and what they mean.
const WORDS: [(&[&str], FailureKind); 6] = [
    (
        &[
            "api key",
            "api_key",
            "unauthenticated",
            "permission",
            "credential",
        ],
        FailureKind::Unauthorized,
    ),
    (
        &["per minute", "rate limit", "too many"],
        FailureKind::RateLimited,
    ),
    (
        &[
            "quota",
            "resource_exhausted",
            "resource has been exhausted",
            "billing",
        ],
        FailureKind::Quota,
    ),
    (
        &[
            "not found",
            "not supported",
            "unsupported",
            "not implemented",
            "unknown name",
        ],
        FailureKind::Unsupported,
    ),
    (&["safety", "prohibited", "blocked"], FailureKind::Policy),
    (
        &[
            "deadline expired",
            "session duration",
            "aborted",
            "goaway",
            "go_away",
        ],
        FailureKind::Expired,
    ),
];

/// What a close frame means.
pub(super) fn of_close(code: u16, reason: &str, stood: Stood, place: &Place) -> (FailureKind, String) {
    let kind = kind_of(code, reason, stood);
    let service = &place.service;
    let what = match stood {
        Stood::Talking => format!("{service} closed the connection with code {code}"),
        // Before anybody has spoken there is nothing of theirs in it.
        Stood::Opening | Stood::Resuming => {
            format!("{service} refused the session (code {code}: {})", quoted(reason))
        }
    };
    (kind, with_remedy(kind, &what, place))
}

/// A handle that does not serve is no fault of the configuration: with the same words the API refuses a setup that is wrong.
fn kind_of(code: u16, reason: &str, stood: Stood) -> FailureKind {
    let reason = reason.to_lowercase();
    let said = WORDS
        .iter()
        .find(|(words, _)| words.iter().any(|word| reason.contains(word)));
    match (said, stood, code) {
        (Some((_, kind)), ..) => *kind,
        (None, Stood::Resuming, 1007 | 1008) => FailureKind::Expired,
        (None, Stood::Opening, 1007 | 1008) => FailureKind::Unsupported,
        (None, Stood::Talking, 1008) => FailureKind::Policy,
        (None, _, 1002 | 1003 | 1007) => FailureKind::Protocol,
        (None, Stood::Talking, 1001) => FailureKind::Expired,
        _ => FailureKind::Transient,
    }
}

fn quoted(reason: &str) -> String {
    let reason: String = reason.chars().filter(|c| !c.is_control()).take(QUOTED).collect();
    if reason.is_empty() {
        "no reason".into()
    } else {
        reason
    }
}

/// A failure with what would mend it.
pub(super) fn with_remedy(kind: FailureKind, what: &str, place: &Place) -> String {
    let (table, settings) = (&place.table, place.settings);
    let remedy = match kind {
        FailureKind::Unauthorized => format!("set {table}.api_key to a valid key of Google AI Studio"),
        FailureKind::Quota => "turn on billing for the key's project, or raise its quota".into(),
        FailureKind::RateLimited => "raise the project's rate limits or lower the calls of this node".into(),
        FailureKind::Unsupported => {
            format!("check {settings} in [{table}] and the secretary's voice and tools")
        }
        FailureKind::Policy => "check the secretary's instructions against Google's usage policies".into(),
        FailureKind::Transient => {
            "a later call may succeed; see https://aistudio.google.com/status if it lasts".into()
        }
        FailureKind::Protocol => format!("check that {table}.url is a Live API (BidiGenerateContent)"),
        FailureKind::Expired => {
            "a connection lasts about ten minutes; the next one goes on with the conversation".into()
        }
    };
    format!("{what}; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(code: u16, reason: &str, stood: Stood) -> (FailureKind, String) {
        let place = Place {
            service: "live.example".into(),
            table: "engines.gemini".into(),
            settings: "model and voice",
        };
        of_close(code, reason, stood, &place)
    }

    #[test]
    fn reasons_go_before_codes() {
        for (code, reason, stood, kind) in [
            (
                1007,
                "API key not valid. Please pass a valid API key.",
                Stood::Opening,
                FailureKind::Unauthorized,
            ),
            (
                1008,
                "models/x is not found for API version v1beta",
                Stood::Opening,
                FailureKind::Unsupported,
            ),
            (
                1011,
                "You exceeded your current quota, please check your plan",
                Stood::Talking,
                FailureKind::Quota,
            ),
            (
                1011,
                "Quota exceeded for requests per minute",
                Stood::Opening,
                FailureKind::RateLimited,
            ),
            (
                1007,
                "Request contains an invalid argument.",
                Stood::Opening,
                FailureKind::Unsupported,
            ),
            (
                1007,
                "Request contains an invalid argument.",
                Stood::Resuming,
                FailureKind::Expired,
            ),
            (
                1007,
                "Request contains an invalid argument.",
                Stood::Talking,
                FailureKind::Protocol,
            ),
            (
                1011,
                "Deadline expired before operation could complete.",
                Stood::Talking,
                FailureKind::Expired,
            ),
            (
                1011,
                "Internal error encountered.",
                Stood::Talking,
                FailureKind::Transient,
            ),
            (1005, "", Stood::Talking, FailureKind::Transient),
        ] {
            assert_eq!(sorted(code, reason, stood).0, kind, "{code} {reason} {stood:?}");
        }
    }

    #[test]
    fn a_reason_is_repeated_only_before_anybody_has_spoken() {
        let opening = sorted(1008, "models/x is not found", Stood::Opening).1;
        let want = "(code 1008: models/x is not found); check model and voice in [engines.gemini]";
        assert!(opening.contains(want), "{opening}");
        assert!(
            !sorted(1008, "the caller's words", Stood::Talking)
                .1
                .contains("words")
        );
    }
}
