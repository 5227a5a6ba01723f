//! What can go wrong between us and a service, sorted by what can be done about it.

use super::Limit;
use super::said::Said;
use call::FailureKind;
use serde_json::Value;

/// A failure, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What can be done about it.
    pub kind: FailureKind,
    /// What failed, with which value, and what would be right. Never a secret, nor what was said in the call.
    pub message: String,
    /// The same request may succeed if it is made again at once.
    pub again: bool,
}

impl Failure {
    /// One that would come again.
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            again: false,
        }
    }

    /// One that may be gone already.
    pub(crate) fn transient(message: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Transient,
            message: message.into(),
            again: true,
        }
    }
}

/// What the messages about a service name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its address.
    pub(crate) service: String,
    /// The table of the configuration, such as `engines.local.tts`.
    pub(crate) table: String,
    /// The settings to check when a request is refused.
    pub(crate) settings: &'static str,
}

impl Place {
    /// Sorts an answer whose status is not 2xx. `private` are texts that no message may repeat.
    pub(crate) fn of_status(&self, status: u16, body: &str, private: &[&str]) -> Failure {
        let said = Said::of_body(body);
        let how = format!("HTTP {status}");
        // Codes first: Google refuses a key with 400, ElevenLabs says 401 where the quota is used up.
        if let Some(failure) = self.of_words(&said, &how, private) {
            return failure;
        }
        let service = &self.service;
        let quote = said.quoted(private);
        match status {
            401 | 403 => self.unauthorized(&how),
            402 => self.quota(&how),
            429 => self.rate_limited(&how, &quote),
            404 => Failure::new(
                FailureKind::Unsupported,
                format!(
                    "{service} has no such thing ({how}): {quote}; {}",
                    self.check("url")
                ),
            ),
            408 | 409 | 500..=599 => Failure::transient(format!(
                "{service} failed ({how}): {quote}; a later call may succeed; if it lasts, see the service's own log or status page"
            )),
            300..=399 => Failure::new(
                FailureKind::Unsupported,
                format!(
                    "{service} redirects ({how}); set {}.url to where it leads",
                    self.table
                ),
            ),
            _ => Failure::new(
                FailureKind::Unsupported,
                format!(
                    "{service} refuses the request ({how}): {quote}; {}",
                    self.check("")
                ),
            ),
        }
    }

    /// Sorts an error that came without a status of its own.
    pub(crate) fn of_error(&self, error: &Value, private: &[&str]) -> Failure {
        let said = Said::of(error);
        let how = "an error in place of the answer";
        self.of_words(&said, how, private).unwrap_or_else(|| {
            Failure::transient(format!(
                "{} broke off with {how}: {}; a later call may succeed; if it lasts, see the service's own log or status page",
                self.service,
                said.quoted(private)
            ))
        })
    }

    /// A connection that could not be made, or broke.
    pub(crate) fn of_transport(&self, error: &reqwest::Error) -> Failure {
        let (service, reason) = (&self.service, root(error));
        if error.is_connect() || error.is_timeout() {
            return Failure::transient(format!(
                "no connection to {service} ({reason}); check {}.url, and that the service runs and can be reached from here",
                self.table
            ));
        }
        Failure::transient(format!("the connection to {service} broke: {reason}"))
    }

    /// Something that did not come in time. Not asked for again: the caller has waited long enough.
    pub(crate) fn slow(&self, limit: Limit<'_>) -> Failure {
        let (ms, service) = (limit.length.as_millis(), &self.service);
        Failure::new(
            FailureKind::Transient,
            format!(
                "no {} from {service} within {ms} ms; choose a smaller model, a faster machine or a nearer region",
                limit.of
            ),
        )
    }

    /// An answer of the wrong shape; `how` completes the service's name.
    pub(crate) fn broke(&self, how: &str) -> Failure {
        let (service, table) = (&self.service, &self.table);
        Failure::new(
            FailureKind::Protocol,
            format!(
                "{service} {how}, which is not what was asked for; check that {table}.kind and {table}.url belong together"
            ),
        )
    }

    /// What the code or the words alone say, whatever the status.
    fn of_words(&self, said: &Said, how: &str, private: &[&str]) -> Option<Failure> {
        let service = &self.service;
        let quote = || said.quoted(private);
        // Google calls each of its limits a quota: "… per minute" is a rate. Azure and Groq point to pages named "quota" and "billing"
        // where a rate is exceeded.
        let rate = [
            "rate_limit",
            "rate limit",
            "per minute",
            "perminute",
            "too_many_concurrent",
            "concurrent_limit",
            "system_busy",
        ];
        if said.has(&[
            "api_key_invalid",
            "invalid_api_key",
            "invalid api key",
            "invalid_auth",
            "authentication_error",
        ]) {
            return Some(self.unauthorized(how));
        }
        if said.has(&[
            "content_filter",
            "content_policy",
            "content management policy",
            "moderation",
        ]) {
            return Some(Failure::new(
                FailureKind::Policy,
                format!(
                    "{service} refuses the content ({how}); check the secretary's texts against the service's policies"
                ),
            ));
        }
        if said.has(&rate) {
            return Some(self.rate_limited(how, &quote()));
        }
        if said.has(&[
            "quota",
            "billing",
            "insufficient_funds",
            "payment_required",
            "credit balance",
            "out of credits",
        ]) {
            return Some(self.quota(how));
        }
        None
    }

    fn unauthorized(&self, how: &str) -> Failure {
        let (service, table) = (&self.service, &self.table);
        Failure::new(
            FailureKind::Unauthorized,
            format!("{service} refuses the key ({how}); set {table}.api_key to one that is valid there"),
        )
    }

    fn quota(&self, how: &str) -> Failure {
        let service = &self.service;
        Failure::new(
            FailureKind::Quota,
            format!(
                "the account at {service} has no quota left ({how}); add credit there, or use another service"
            ),
        )
    }

    fn rate_limited(&self, how: &str, quote: &str) -> Failure {
        let service = &self.service;
        Failure::new(
            FailureKind::RateLimited,
            format!(
                "{service} has too many requests ({how}): {quote}; lower the calls or raise the limit there"
            ),
        )
    }

    fn check(&self, also: &str) -> String {
        let (table, settings) = (&self.table, self.settings);
        match also {
            "" => format!("check {settings} in [{table}]"),
            also => format!("check {settings} and {also} in [{table}]"),
        }
    }
}

/// The innermost reason of an error: the outer ones repeat the address.
fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(status: u16, body: &str) -> Failure {
        let place = Place {
            service: "https://tts.example".into(),
            table: "engines.local.tts".into(),
            settings: "voice and model",
        };
        place.of_status(status, body, &["sk-secret"])
    }

    #[test]
    fn statuses_and_codes_are_sorted_with_their_remedies() {
        let google_key = r#"{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}"#;
        let google_rate = r#"{"error": {"message": "Quota exceeded for quota metric 'r' and limit 'r per minute'", "status": "RESOURCE_EXHAUSTED"}}"#;
        let elevenlabs_quota =
            r#"{"detail": {"status": "quota_exceeded", "message": "This request exceeds your quota"}}"#;
        let elevenlabs_busy = r#"{"detail": {"status": "too_many_concurrent_requests", "message": "wait"}}"#;
        for (status, body, kind, says) in [
            (
                401,
                "sk-secret",
                FailureKind::Unauthorized,
                "set engines.local.tts.api_key",
            ),
            (
                400,
                google_key,
                FailureKind::Unauthorized,
                "set engines.local.tts.api_key",
            ),
            (401, elevenlabs_quota, FailureKind::Quota, "add credit"),
            (402, "", FailureKind::Quota, "add credit"),
            (429, google_rate, FailureKind::RateLimited, "per minute"),
            (429, elevenlabs_busy, FailureKind::RateLimited, "wait"),
            (429, "", FailureKind::RateLimited, "lower the calls"),
            (
                400,
                "Unsupported voice",
                FailureKind::Unsupported,
                "Unsupported voice; check voice and model in [engines.local.tts]",
            ),
            (404, "", FailureKind::Unsupported, "check voice and model and url"),
            (
                307,
                "",
                FailureKind::Unsupported,
                "set engines.local.tts.url to where it leads",
            ),
            (
                422,
                r#"{"detail": [{"input": "x"}]}"#,
                FailureKind::Unsupported,
                "check voice",
            ),
            (
                400,
                r#"{"error": {"code": "content_policy_violation"}}"#,
                FailureKind::Policy,
                "refuses the content",
            ),
            (
                503,
                "<html>busy</html>",
                FailureKind::Transient,
                "a later call may succeed",
            ),
            (
                529,
                r#"{"error": {"type": "overloaded_error"}}"#,
                FailureKind::Transient,
                "overloaded",
            ),
        ] {
            let failure = sorted(status, body);
            assert_eq!(failure.kind, kind, "{status}: {failure}");
            assert!(failure.message.contains(says), "{status}: {failure}");
            assert_eq!(
                failure.again,
                kind == FailureKind::Transient,
                "{status}: {failure}"
            );
        }
    }
}
