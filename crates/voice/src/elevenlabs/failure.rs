//! What it means that ElevenLabs has enough, and what an operator can do about it.

use crate::service::Place;
use call::FailureKind;
use serde_json::Value;

/// What a close frame means. The words of the reason say more than its code: an override that is not allowed and a breach of
/// policy both close with 1008.
pub(super) fn of_close(code: u16, reason: &str, place: &Place) -> (FailureKind, String) {
    let table = &place.table;
    let said = reason.to_lowercase();
    let quote: String = reason.chars().filter(|c| !c.is_control()).take(120).collect();
    let what = format!("ElevenLabs closed the conversation with code {code} ({quote})");
    if said.contains("override") {
        let remedy =
            format!("allow it in the agent's security settings, or take it out of {table}.overrides");
        return (FailureKind::Unsupported, format!("{what}; {remedy}"));
    }
    if said.contains("does not exist") || said.contains("not found") {
        return (
            FailureKind::Unsupported,
            format!("{what}; set {table}.agent to the id that the agent's page shows"),
        );
    }
    let sorted = place.of_error(&Value::String(reason.to_owned()), &[]).kind;
    let kind = match (sorted, code) {
        (FailureKind::Transient, 3000 | 3003) => FailureKind::Unauthorized,
        (FailureKind::Transient, 1002 | 1003 | 1007) => FailureKind::Protocol,
        (FailureKind::Transient, 1008) => FailureKind::Policy,
        (sorted, _) => sorted,
    };
    (kind, plain(kind, &what, place))
}

/// A failure with the remedy of its kind.
pub(super) fn plain(kind: FailureKind, what: &str, place: &Place) -> String {
    let table = &place.table;
    let remedy = match kind {
        FailureKind::Unauthorized => {
            format!("set {table}.api_key to a valid key of the workspace that has the agent")
        }
        FailureKind::Quota => "add credit at ElevenLabs or raise the plan".into(),
        FailureKind::RateLimited => {
            "raise the plan's concurrent conversations or lower the calls of this node".into()
        }
        FailureKind::Unsupported => {
            format!("check {table}.agent, and the voice, the language and the audio formats of the agent")
        }
        FailureKind::Policy => "check the agent's guardrails and the secretary's instructions".into(),
        FailureKind::Transient => {
            "a later call may succeed; see https://status.elevenlabs.io if it lasts".into()
        }
        FailureKind::Protocol => format!("check that {table}.url is that of ElevenLabs' API"),
        FailureKind::Expired => {
            format!("raise the agent's longest conversation, and {table}.longest with it")
        }
    };
    format!("{what}; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_frames_are_sorted_by_their_words_and_then_by_their_code() {
        let place = Place {
            service: "https://api.elevenlabs.io".into(),
            table: "engines.elevenlabs".into(),
            settings: "agent",
        };
        for (code, reason, kind, says) in [
            (
                1008,
                "Override for field 'prompt' is not allowed by config.",
                FailureKind::Unsupported,
                "engines.elevenlabs.overrides",
            ),
            (
                3000,
                "The AI agent you are trying to reach does not exist.",
                FailureKind::Unsupported,
                "engines.elevenlabs.agent",
            ),
            (
                3000,
                "Authorization is required to access this agent.",
                FailureKind::Unauthorized,
                "engines.elevenlabs.api_key",
            ),
            (
                1002,
                "This request exceeds your quota limit.",
                FailureKind::Quota,
                "add credit",
            ),
            (1008, "Content was flagged.", FailureKind::Policy, "guardrails"),
            (1011, "internal", FailureKind::Transient, "a later call"),
            (1005, "", FailureKind::Transient, "a later call"),
        ] {
            let (sorted, message) = of_close(code, reason, &place);
            assert_eq!(sorted, kind, "{message}");
            assert!(message.contains(says), "{message}");
        }
    }
}
