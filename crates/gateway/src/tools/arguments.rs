//! The arguments of tools that the PBX uses and that are about nobody.

use super::ToolError;
use call::Digit;
use serde_json::{Value, json};

/// So many keys are pressed at once; a longer row is no menu's, number's or code's.
const MOST: usize = 32;

/// The keys to press, as the PBX takes them. People write them in groups.
pub(super) fn keys(arguments: &Value) -> Result<Value, ToolError> {
    let told = arguments.get("keys").and_then(Value::as_str).unwrap_or_default();
    let keys: Option<String> = told
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-' | '.'))
        .map(|letter| Digit::new(letter.to_ascii_uppercase()).map(Digit::key))
        .collect();
    match keys {
        Some(keys) if (1..=MOST).contains(&keys.len()) => Ok(json!({ "keys": keys })),
        // They may be a secret, and are not repeated.
        _ => Err(ToolError::Keys),
    }
}

/// Whether a recording begins or ends.
pub(super) fn action(arguments: &Value) -> Result<Value, ToolError> {
    match arguments.get("action").and_then(Value::as_str) {
        Some(action @ ("start" | "stop")) => Ok(json!({ "action": action })),
        other => Err(ToolError::Action {
            told: other.unwrap_or_default().to_owned(),
        }),
    }
}
