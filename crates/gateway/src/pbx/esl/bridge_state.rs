//! What a caller's channel has come to in a transfer, read from FreeSWITCH's description of it.

use serde_json::{Map, Value};

/// What a channel's `bridge` or `uuid_bridge` is doing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BridgeState {
    /// It has not begun, or somebody's phone rings, or the two are being joined.
    Pending,
    /// Two talk.
    Talks,
    /// Nobody has taken the call, for this cause.
    Failed(String),
}

impl BridgeState {
    /// Reads it from a reply to `uuid_dump … json`. What cannot be told is as if nothing had come of it yet.
    ///
    /// Measured on 1.10.12: while a phone rings the disposition is `failure`. `signal_bond` is there as long as two talk, but
    /// `uuid_bridge` sets it before they do, and it stays in a channel that was parked because the other had hung up meanwhile.
    pub(super) fn read(dump: &str) -> Self {
        let Ok(dump) = serde_json::from_str::<Map<String, Value>>(dump) else {
            return Self::Pending;
        };
        let value = |name: &str| dump.get(name).and_then(Value::as_str);
        let were_joined = value("Caller-Channel-Bridged-Time").is_some_and(|at| at != "0");
        let is_parked = value("Channel-State") == Some("CS_PARK");
        if value("variable_signal_bond").is_some() && were_joined && !is_parked {
            return Self::Talks;
        }
        match value("variable_originate_disposition") {
            None | Some("" | "failure" | "SUCCESS") => Self::Pending,
            Some(cause) => Self::Failed(cause.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_talk_only_once_they_were_joined() {
        let bond = "aaaaaaaa-bbbb-4ccc-8ddd-000000000002";
        let told = |state: &str, bridged: &str, disposition: Option<&str>| {
            let mut dump = json!({
                "Channel-State": state,
                "Caller-Channel-Bridged-Time": bridged,
                "variable_signal_bond": bond,
            });
            if let Some(disposition) = disposition {
                dump["variable_originate_disposition"] = disposition.into();
            }
            BridgeState::read(&dump.to_string())
        };
        assert_eq!(
            told("CS_SOFT_EXECUTE", "1795442909569068", None),
            BridgeState::Talks
        );
        // They are being joined.
        assert_eq!(told("CS_HIBERNATE", "0", None), BridgeState::Pending);
        // They were to be joined, and one has left before.
        assert_eq!(told("CS_PARK", "0", None), BridgeState::Pending);
    }

    #[test]
    fn a_phone_that_rings_has_come_to_nothing_yet() {
        let told = |disposition: &str| {
            BridgeState::read(&json!({"variable_originate_disposition": disposition}).to_string())
        };
        assert_eq!(told("failure"), BridgeState::Pending);
        assert_eq!(told("USER_BUSY"), BridgeState::Failed("USER_BUSY".to_owned()));
        assert_eq!(BridgeState::read("nothing"), BridgeState::Pending);
    }
}
