//! What the errors of the family mean for a call, and what an operator can do about them.

use super::dialect::Dialect;
use super::protocol::{ErrorBody, Refusal};
use call::FailureKind;

/// Sorts an error by its code, or by its type where the code is not known.
pub(super) fn kind_of(error: &ErrorBody) -> FailureKind {
    kind_of_code(error.code.as_deref().unwrap_or_default())
        .or_else(|| kind_of_type(error.r#type.as_deref().unwrap_or_default()))
        .unwrap_or(FailureKind::Transient)
}

fn kind_of_code(code: &str) -> Option<FailureKind> {
    match code {
        "invalid_api_key" | "missing_api_key" | "invalid_authentication" | "account_deactivated" => {
            Some(FailureKind::Unauthorized)
        }
        "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active" => {
            Some(FailureKind::Quota)
        }
        "rate_limit_exceeded" | "too_many_requests" => Some(FailureKind::RateLimited),
        "session_expired" => Some(FailureKind::Expired),
        "content_filter" | "content_policy_violation" | "moderation_blocked" => Some(FailureKind::Policy),
        "model_not_found"
        | "invalid_model"
        | "invalid_value"
        | "invalid_type"
        | "unsupported_value"
        | "unknown_parameter"
        | "missing_required_parameter"
        | "beta_api_shape_disabled" => Some(FailureKind::Unsupported),
        _ => None,
    }
}

fn kind_of_type(kind: &str) -> Option<FailureKind> {
    match kind {
        "authentication_error" | "permission_error" => Some(FailureKind::Unauthorized),
        "insufficient_quota" => Some(FailureKind::Quota),
        "rate_limit_error" | "requests" | "tokens" => Some(FailureKind::RateLimited),
        "invalid_request_error" => Some(FailureKind::Unsupported),
        _ => None,
    }
}

/// The parameter and the message of an error about the session's configuration, which repeats no more than that.
fn configuration_of(error: &ErrorBody) -> Option<(String, String)> {
    let param = error
        .param
        .as_deref()
        .filter(|p| p.starts_with("session.") || *p == "model")?;
    if param.contains("instructions") {
        return None;
    }
    let message = error
        .message
        .as_deref()?
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    Some((identifier(param), message))
}

/// A code without anything that could be a secret or the caller's words.
fn identifier(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']'))
        .take(48)
        .collect()
}

/// What the messages name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// Whose API it is.
    pub(super) dialect: Dialect,
    /// The table of the configuration.
    pub(super) table: String,
}

impl Names {
    /// The provider's name.
    pub(super) fn provider(&self) -> &'static str {
        self.dialect.provider()
    }

    /// What an error is and what would mend it, as the operator reads it.
    pub(super) fn message_of(&self, kind: FailureKind, error: &ErrorBody) -> String {
        let provider = self.provider();
        let code = error
            .code
            .as_deref()
            .or(error.r#type.as_deref())
            .map_or_else(|| "no code".into(), identifier);
        match configuration_of(error) {
            Some((param, message)) => {
                format!(
                    "{provider} refused {param} ({code}): {message}; {}",
                    self.remedy(kind)
                )
            }
            None => format!("{provider} reported {code}; {}", self.remedy(kind)),
        }
    }

    /// A failure of our own finding, with the remedy of its kind.
    pub(super) fn plain(&self, kind: FailureKind, what: &str) -> String {
        format!("{what}; {}", self.remedy(kind))
    }

    fn remedy(&self, kind: FailureKind) -> String {
        let (table, provider) = (&self.table, self.provider());
        match kind {
            FailureKind::Unauthorized => {
                format!("set {table}.api_key to a valid key of a project that may use {table}.model")
            }
            FailureKind::Quota => "add credit or raise the monthly limit of the key's organisation".into(),
            FailureKind::RateLimited => {
                "raise the organisation's rate limits or lower the calls of this node".into()
            }
            FailureKind::Unsupported => {
                format!("check {table}.url, {table}.model and the secretary's voice and tools")
            }
            FailureKind::Policy => {
                format!("check the secretary's instructions against the usage policies of {provider}")
            }
            FailureKind::Transient => format!(
                "a later call may succeed; see {} if it lasts",
                self.dialect.status_page()
            ),
            FailureKind::Protocol => format!("check that {table}.url is a Realtime API of {provider}"),
            FailureKind::Expired => {
                format!("set {table}.longest to the longest session that {provider} allows")
            }
        }
    }

    /// What an HTTP answer in place of the upgrade means.
    pub(super) fn of_status(&self, status: u16, body: Option<&[u8]>) -> (FailureKind, String) {
        let error = body
            .and_then(|b| serde_json::from_slice::<Refusal>(b).ok())
            .map(|r| r.error)
            .unwrap_or_default();
        let said = kind_of_code(error.code.as_deref().unwrap_or_default());
        let kind = match status {
            401 | 403 => FailureKind::Unauthorized,
            429 if said == Some(FailureKind::Quota) || kind_of(&error) == FailureKind::Quota => {
                FailureKind::Quota
            }
            429 => FailureKind::RateLimited,
            400 | 404 => said.unwrap_or(FailureKind::Unsupported),
            500.. => FailureKind::Transient,
            _ => FailureKind::Protocol,
        };
        let code = error
            .code
            .as_deref()
            .map(|code| format!(" ({})", identifier(code)))
            .unwrap_or_default();
        let what = format!(
            "{} answered the connection with HTTP {status}{code}",
            self.provider()
        );
        (kind, self.plain(kind, &what))
    }

    /// What a close frame means. OpenAI names the error at the end of the reason ("invalid_request_error.invalid_api_key");
    /// 3000 and 3003 are IANA's Unauthorized and Forbidden.
    pub(super) fn of_close(&self, code: u16, reason: &str) -> (FailureKind, String) {
        let named = reason.rsplit('.').next().and_then(kind_of_code);
        let kind = named.unwrap_or(match code {
            3000 | 3003 => FailureKind::Unauthorized,
            1002 | 1003 | 1007 => FailureKind::Protocol,
            1008 => FailureKind::Policy,
            _ => FailureKind::Transient,
        });
        let what = format!("{} closed the connection with code {code}", self.provider());
        (kind, self.plain(kind, &what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            dialect: Dialect::OpenAi,
            table: "engines.openai".into(),
        }
    }

    fn error(r#type: &str, code: Option<&str>) -> ErrorBody {
        ErrorBody {
            r#type: Some(r#type.into()),
            code: code.map(Into::into),
            ..ErrorBody::default()
        }
    }

    #[test]
    fn codes_go_before_types_and_the_unknown_is_transient() {
        let sorted = [
            (
                error("invalid_request_error", Some("invalid_api_key")),
                FailureKind::Unauthorized,
            ),
            (
                error("invalid_request_error", Some("insufficient_quota")),
                FailureKind::Quota,
            ),
            (
                error("requests", Some("rate_limit_exceeded")),
                FailureKind::RateLimited,
            ),
            (
                error("invalid_request_error", Some("model_not_found")),
                FailureKind::Unsupported,
            ),
            (
                error("invalid_request_error", Some("session_expired")),
                FailureKind::Expired,
            ),
            (error("invalid_request_error", None), FailureKind::Unsupported),
            (error("tokens", None), FailureKind::RateLimited),
            (error("server_error", None), FailureKind::Transient),
            (
                error("something_new", Some("something_newer")),
                FailureKind::Transient,
            ),
        ];
        for (error, kind) in sorted {
            assert_eq!(kind_of(&error), kind, "{error:?}");
        }
    }

    #[test]
    fn a_message_repeats_configuration_and_nothing_else() {
        let mut error = error("invalid_request_error", Some("invalid_value"));
        error.message = Some("Invalid value: 'nobody'. Supported values are: 'marin'.".into());
        assert!(
            !names()
                .message_of(FailureKind::Unsupported, &error)
                .contains("nobody")
        );
        error.param = Some("session.instructions".into());
        assert!(
            !names()
                .message_of(FailureKind::Unsupported, &error)
                .contains("nobody")
        );
        error.param = Some("session.audio.output.voice".into());
        let told = names().message_of(FailureKind::Unsupported, &error);
        assert!(
            told.contains("session.audio.output.voice (invalid_value): Invalid value: 'nobody'"),
            "{told}"
        );
    }

    #[test]
    fn http_answers_are_sorted_by_status_and_code() {
        let quota = br#"{"error":{"code":"insufficient_quota","message":"sk-secret"}}"#;
        assert_eq!(names().of_status(401, None).0, FailureKind::Unauthorized);
        assert_eq!(names().of_status(403, None).0, FailureKind::Unauthorized);
        assert_eq!(names().of_status(404, None).0, FailureKind::Unsupported);
        assert_eq!(names().of_status(429, None).0, FailureKind::RateLimited);
        assert_eq!(names().of_status(429, Some(quota)).0, FailureKind::Quota);
        assert!(!names().of_status(429, Some(quota)).1.contains("sk-secret"));
        assert_eq!(names().of_status(503, Some(b"<html>")).0, FailureKind::Transient);
        assert_eq!(names().of_status(302, None).0, FailureKind::Protocol);
    }

    #[test]
    fn close_frames_are_sorted_by_reason_and_code() {
        assert_eq!(
            names().of_close(3000, "invalid_request_error.invalid_api_key").0,
            FailureKind::Unauthorized
        );
        assert_eq!(
            names().of_close(4000, "invalid_request_error.session_expired").0,
            FailureKind::Expired
        );
        assert_eq!(names().of_close(1008, "").0, FailureKind::Policy);
        assert_eq!(names().of_close(1002, "").0, FailureKind::Protocol);
        assert_eq!(names().of_close(1011, "keepalive").0, FailureKind::Transient);
    }
}
