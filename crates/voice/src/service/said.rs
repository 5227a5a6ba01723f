//! What a service says of an error, in any of the shapes that were met.

use serde_json::{Map, Value};

/// Characters of a service's own message that are worth repeating.
const QUOTED: usize = 300;

/// Keys under which a code stands: OpenAI `code` and `type`, Google `status` and `reason`, ElevenLabs `status`, Deepgram
/// `err_code` and `category`.
const CODES: [&str; 6] = ["code", "type", "status", "reason", "err_code", "category"];

/// Keys under which words for people stand.
const MESSAGES: [&str; 4] = ["message", "err_msg", "details", "detail"];

/// The words and the codes of an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    message: String,
    code: String,
}

/// True if a body of success is an error after all.
pub(super) fn is_error(body: &Value) -> bool {
    ["error", "err_code", "err_msg", "detail"]
        .iter()
        .any(|key| !body[key].is_null())
}

impl Said {
    /// Of a body: JSON in one of the known shapes, or text.
    pub(super) fn of_body(body: &str) -> Self {
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::of(&value),
            // A page of a proxy in between says nothing that a line could hold.
            Err(_) if body.trim_start().starts_with('<') => Self::default(),
            Err(_) => Self {
                message: body.into(),
                code: String::new(),
            },
        }
    }

    /// OpenAI and Anthropic `{"error": {"message", "type", "code"}}`, Ollama `{"error": "…"}`, Google
    /// `{"error": {"message", "status", "details": [{"reason"}, {"violations": [{"quotaId"}]}]}}` (or an array of one), ElevenLabs
    /// `{"detail": {"status", "message"}}`, Deepgram `{"err_code", "err_msg"}`.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Array(errors) => errors.first().map(Self::of).unwrap_or_default(),
            Value::String(text) => Self {
                message: text.clone(),
                code: String::new(),
            },
            Value::Object(fields) => Self::of_fields(fields),
            _ => Self::default(),
        }
    }

    fn of_fields(fields: &Map<String, Value>) -> Self {
        match fields.get("error").or_else(|| fields.get("detail")) {
            Some(inner @ (Value::Object(_) | Value::String(_))) => return Self::of(inner),
            // FastAPI's own refusals, {"detail": [{…, "input"}]}: what is in them is the request.
            Some(Value::Array(_)) => return Self::default(),
            _ => {}
        }
        let mut code: Vec<String> = CODES
            .iter()
            .filter_map(|key| fields.get(*key))
            .filter_map(word)
            .collect();
        let details = fields.get("details").and_then(Value::as_array);
        for detail in details.into_iter().flatten() {
            code.extend(word(&detail["reason"]));
            let violations = detail["violations"].as_array().into_iter().flatten();
            code.extend(violations.filter_map(|violation| word(&violation["quotaId"])));
        }
        let message = MESSAGES.iter().find_map(|key| fields.get(*key)?.as_str());
        Self {
            message: message.unwrap_or_default().into(),
            code: code.join(" "),
        }
    }

    /// True if one of these is in the code or the words.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        let all = format!("{} {}", self.code, self.message).to_lowercase();
        words.iter().any(|word| all.contains(word))
    }

    /// The service's words in one line, or no more than its code where they repeat something private.
    pub(super) fn quoted(&self, private: &[&str]) -> String {
        let repeats = |words: &&str| words.chars().count() >= 4 && self.message.contains(*words);
        if private.iter().any(repeats) {
            return format!(
                "({}; its words repeat the conversation and are left out)",
                self.code.trim()
            );
        }
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = if message.is_empty() { &self.code } else { &message };
        words.chars().filter(|c| !c.is_control()).take(QUOTED).collect()
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_gives_its_words_and_codes() {
        for (body, message, code) in [
            (
                r#"{"error": {"message": "no", "type": "t", "code": "c"}}"#,
                "no",
                "c t",
            ),
            (r#"{"error": "no model"}"#, "no model", ""),
            (
                r#"[{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}]"#,
                "no",
                "400 INVALID_ARGUMENT API_KEY_INVALID",
            ),
            (
                r#"{"detail": {"status": "quota_exceeded", "message": "no"}}"#,
                "no",
                "quota_exceeded",
            ),
            (r#"{"detail": [{"input": "oi"}]}"#, "", ""),
            (
                r#"{"err_code": "INVALID_AUTH", "err_msg": "no"}"#,
                "no",
                "INVALID_AUTH",
            ),
            ("Unsupported voice", "Unsupported voice", ""),
            ("<html>", "", ""),
        ] {
            let want = Said {
                message: message.into(),
                code: code.into(),
            };
            assert_eq!(Said::of_body(body), want, "{body}");
        }
    }

    #[test]
    fn private_words_are_not_repeated() {
        let said = Said::of_body(r#"{"error": {"message": "cannot say: meu segredo", "code": "c"}}"#);
        assert!(said.quoted(&["outro"]).contains("segredo"));
        assert!(!said.quoted(&["meu segredo"]).contains("segredo"));
    }
}
