//! What can go wrong between us and the model, sorted by what can be done about it.

use call::FailureKind;
use serde_json::Value;

/// Characters of an endpoint's own message that are worth repeating.
const QUOTED: usize = 300;

/// A failure, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) message: String,
    /// The same request may succeed if it is made again at once.
    pub(super) again: bool,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            again: false,
        }
    }

    pub(super) fn transient(message: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Transient,
            message: message.into(),
            again: true,
        }
    }
}

/// What the endpoint says of an error: OpenAI's `{"error": {"message", "type", "code"}}`, Ollama's `{"error": "…"}`, or text.
#[derive(Debug, Default)]
struct Said {
    message: String,
    code: String,
}

impl Said {
    fn of(error: &Value) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        match error {
            Value::Object(fields) => {
                let get = |key: &str| fields.get(key).map(text).unwrap_or_default();
                Self {
                    message: get("message"),
                    code: format!("{} {}", get("code"), get("type")),
                }
            }
            other => Self {
                message: text(other),
                code: String::new(),
            },
        }
    }

    fn has(&self, words: &[&str]) -> bool {
        let all = format!("{} {}", self.code, self.message).to_lowercase();
        words.iter().any(|word| all.contains(word))
    }

    /// The endpoint's words, without what the caller said and without the key.
    fn quoted(&self, private: &[&str]) -> String {
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        if private
            .iter()
            .any(|words| words.chars().count() >= 4 && self.message.contains(words))
        {
            return format!(
                "({}; its words repeat the conversation and are left out)",
                self.code.trim()
            );
        }
        message.chars().take(QUOTED).collect()
    }
}

/// Sorts an answer whose status is not 2xx. `private` are texts that no log may repeat.
pub(super) fn of_status(status: u16, body: &str, endpoint: &str, model: &str, private: &[&str]) -> Failure {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let said = match &parsed {
        Some(Value::Object(fields)) if fields.contains_key("error") => Said::of(&fields["error"]),
        // FastAPI's own refusals: {"detail": …}; what is in them may be the request.
        Some(_) => Said::default(),
        None => Said {
            message: body.to_string(),
            code: String::new(),
        },
    };
    let quote = said.quoted(private);
    match status {
        401 | 403 => Failure::new(
            FailureKind::Unauthorized,
            format!(
                "{endpoint} refuses the key (HTTP {status}); set chat.api_key to one that is valid there"
            ),
        ),
        402 => quota(endpoint, status),
        429 if said.has(&["insufficient_quota", "quota", "billing", "credit"]) => quota(endpoint, status),
        429 => Failure::new(
            FailureKind::RateLimited,
            format!(
                "{endpoint} has too many requests (HTTP 429): {quote}; lower the calls or raise the limit there"
            ),
        ),
        404 => Failure::new(
            FailureKind::Unsupported,
            format!(
                "{endpoint} has no model {model:?} or no /chat/completions (HTTP 404): {quote}; \
                 check chat.model (`ollama pull {model}` installs it in Ollama) and chat.base_url"
            ),
        ),
        408 | 409 | 500..=599 => Failure::transient(format!(
            "{endpoint} failed (HTTP {status}): {quote}; see the endpoint's own log"
        )),
        300..=399 => Failure::new(
            FailureKind::Unsupported,
            format!("{endpoint} redirects (HTTP {status}); set chat.base_url to where it leads"),
        ),
        _ => refused(status, &said, &quote, endpoint, model),
    }
}

fn quota(endpoint: &str, status: u16) -> Failure {
    Failure::new(
        FailureKind::Quota,
        format!(
            "the account at {endpoint} has no quota left (HTTP {status}); add credit there, or use another endpoint"
        ),
    )
}

fn refused(status: u16, said: &Said, quote: &str, endpoint: &str, model: &str) -> Failure {
    if said.has(&["content_filter", "content_policy", "content management policy"]) {
        return Failure::new(
            FailureKind::Policy,
            format!("{endpoint} refuses the content (HTTP {status})"),
        );
    }
    if said.has(&["does not support tools", "tool choice", "tool-call-parser"]) {
        return Failure::new(
            FailureKind::Unsupported,
            format!(
                "{model:?} at {endpoint} takes no tools (HTTP {status}): {quote}; choose a model that supports tools"
            ),
        );
    }
    if said.has(&["context_length", "context length", "maximum context"]) {
        return Failure::new(
            FailureKind::Unsupported,
            format!(
                "the conversation is too long for {model:?} (HTTP {status}); choose a model with more context"
            ),
        );
    }
    Failure::new(
        FailureKind::Unsupported,
        format!("{endpoint} refuses the request (HTTP {status}): {quote}; check chat.model and chat.options"),
    )
}

/// Sorts an error object that comes in place of a chunk.
pub(super) fn in_stream(error: &Value, endpoint: &str, model: &str, private: &[&str]) -> Failure {
    let said = Said::of(error);
    if said.has(&["insufficient_quota", "quota", "credit"]) {
        return quota(endpoint, 200);
    }
    let quote = said.quoted(private);
    if said.has(&["rate_limit", "rate limit"]) {
        return Failure::new(
            FailureKind::RateLimited,
            format!("{endpoint} has too many requests: {quote}"),
        );
    }
    if said.has(&["invalid_request", "does not support tools", "content_filter"]) {
        return refused(200, &said, &quote, endpoint, model);
    }
    Failure::transient(format!(
        "{endpoint} broke off with an error: {quote}; see the endpoint's own log"
    ))
}

/// A connection that could not be made, or broke.
pub(super) fn of_transport(error: &reqwest::Error, endpoint: &str) -> Failure {
    if error.is_connect() || error.is_timeout() {
        let reason = root(error);
        return Failure::transient(format!(
            "no connection to {endpoint} ({reason}); is a model server such as Ollama running there?"
        ));
    }
    Failure::transient(format!("the connection to {endpoint} broke: {}", root(error)))
}

fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
