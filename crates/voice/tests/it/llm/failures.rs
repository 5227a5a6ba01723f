//! What goes wrong at the endpoint, and what the operator is told.

use super::{End, Rig, brain};
use call::FailureKind;
use serde_json::{Value, json};
use sim::llm::{Ending, Reply, Wire};
use std::time::Duration;
use tokio::net::TcpListener;
use voice::ApiKey;
use voice::brain::llm::{Config, LanguageModel, Vendor};

async fn failure(replies: impl IntoIterator<Item = Reply>) -> (FailureKind, String, usize) {
    failure_of(Wire::Chat, replies).await
}

async fn failure_of(wire: Wire, replies: impl IntoIterator<Item = Reply>) -> (FailureKind, String, usize) {
    let mut rig = Rig::of(wire, replies).await;
    rig.hears("meu segredo é 4711");
    let (_, end) = rig.rest().await;
    let End::Failed(kind, message) = end else {
        panic!("{end:?}")
    };
    assert!(
        !message.contains("sk-secret") && !message.contains("4711"),
        "a secret is told: {message}"
    );
    (kind, message, rig.server.seen().asked.len())
}

#[tokio::test]
async fn statuses_are_sorted_by_what_mends_them() {
    let quota = r#"{"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}}"#;
    let rate = r#"{"error": {"message": "Rate limit reached for llama", "code": "rate_limit_exceeded"}}"#;
    let tools = r#"{"error": {"message": "registry.ollama.ai/library/tiny does not support tools"}}"#;
    let policy = r#"{"error": {"message": "filtered", "code": "content_filter"}}"#;
    for (status, body, kind, says) in [
        (
            401,
            "{\"error\": {\"message\": \"Incorrect API key provided: sk-secret\"}}",
            FailureKind::Unauthorized,
            "set chat.api_key",
        ),
        (402, "{}", FailureKind::Quota, "add credit"),
        (429, quota, FailureKind::Quota, "add credit"),
        (429, rate, FailureKind::RateLimited, "Rate limit reached"),
        (
            404,
            "{\"error\": \"model 'llama' not found\"}",
            FailureKind::Unsupported,
            "ollama pull llama",
        ),
        (
            400,
            tools,
            FailureKind::Unsupported,
            "choose a model that supports tools",
        ),
        (400, policy, FailureKind::Policy, "refuses the content"),
        (
            400,
            "{\"detail\": [{\"input\": \"meu segredo é 4711\"}]}",
            FailureKind::Unsupported,
            "in [chat]",
        ),
        (
            400,
            "{\"error\": {\"message\": \"bad: meu segredo é 4711\"}}",
            FailureKind::Unsupported,
            "are left out",
        ),
        (308, "", FailureKind::Unsupported, "redirects"),
    ] {
        let (got, message, asked) = failure([Reply::refusing(status, body)]).await;
        assert_eq!((got, asked), (kind, 1), "{status}: {message}");
        assert!(message.contains(says), "{status}: {message}");
    }
}

#[tokio::test]
async fn what_fails_in_passing_is_asked_again_once() {
    let broken = || Reply::refusing(503, "{\"error\": \"loading model\"}");
    let mut rig = Rig::new([broken(), Reply::saying("Oi.")]).await;
    assert_eq!(rig.says("oi").await, ["Oi."]);
    let (kind, message, asked) = failure([broken(), broken()]).await;
    assert_eq!((kind, asked), (FailureKind::Transient, 2));
    assert!(
        message.contains("HTTP 503") && message.contains("loading model"),
        "{message}"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_after_words_is_not_asked_again() {
    for wire in Wire::ALL {
        for reply in [
            Reply::streaming().text("Oi. E ").broken(),
            Reply::streaming().text("Oi. E "),
        ] {
            let mut rig = Rig::of(wire, [reply, Reply::saying("Outra vez.")]).await;
            rig.hears("oi");
            let (answer, end) = rig.rest().await;
            assert_eq!(answer, ["Oi."]);
            assert!(matches!(end, End::Failed(FailureKind::Transient, _)), "{end:?}");
            assert_eq!(rig.server.seen().asked.len(), 1);
        }
    }
}

#[tokio::test]
async fn an_error_in_the_stream_is_sorted_too() {
    let error = |body: &str| Reply::streaming().raw(&format!("data: {body}\n\n"));
    let rate = error(r#"{"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}"#);
    assert_eq!(failure([rate]).await.0, FailureKind::RateLimited);
    let server = || error(r#"{"error": {"message": "CUDA out of memory"}}"#);
    assert_eq!(failure([server(), server()]).await.0, FailureKind::Transient);
}

#[tokio::test]
async fn what_is_no_chunk_breaks_the_protocol() {
    for body in [
        "data: <html>\n\n",
        "data: {\"choices\": 3}\n\n",
        "data: {\"choices\": [\n\n",
    ] {
        let (kind, message, asked) = failure([Reply::streaming().raw(body)]).await;
        assert_eq!((kind, asked), (FailureKind::Protocol, 1), "{body}: {message}");
        assert!(
            message.contains("check that chat.kind and chat.url belong together"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn an_empty_or_filtered_answer_is_told() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(wire, [Reply::streaming().stop(Ending::Whole)]).await;
        assert!(rig.says("oi").await.is_empty());
        assert_eq!(
            failure_of(wire, [Reply::streaming().stop(Ending::Filtered)])
                .await
                .0,
            FailureKind::Policy
        );
        assert_eq!(
            failure_of(wire, [Reply::streaming().stop(Ending::Length)])
                .await
                .0,
            FailureKind::Unsupported
        );
    }
}

#[tokio::test]
async fn a_slow_model_is_given_up() {
    for wire in Wire::ALL {
        let short = |config: &mut Config| {
            config.first_token_timeout = Duration::from_millis(80);
            config.token_timeout = Duration::from_millis(80);
        };
        for (reply, which) in [
            (Reply::streaming().hang(), "no first token"),
            (Reply::streaming().text("Oi. E ").hang(), "no next token"),
        ] {
            let mut rig = Rig::with(wire, [reply], short).await;
            rig.hears("oi");
            let (_, end) = rig.rest().await;
            let End::Failed(FailureKind::Transient, message) = end else {
                panic!("{end:?}")
            };
            assert!(
                message.contains(which) && message.contains("within 80 ms"),
                "{message}"
            );
            assert_eq!(rig.server.seen().asked.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_model_may_take_longer_in_all_than_between_tokens() {
    let mut reply = Reply::streaming();
    for word in ["Um ", "dois ", "três ", "quatro "] {
        reply = reply.text(word).pause(Duration::from_millis(150));
    }
    let mut rig = Rig::with(Wire::Chat, [reply.stop(Ending::Whole)], |config| {
        config.first_token_timeout = Duration::from_millis(500);
        config.token_timeout = Duration::from_millis(500);
    })
    .await;
    assert_eq!(rig.says("conta").await, ["Um dois três quatro"]);
}

#[tokio::test]
async fn a_refused_connection_asks_whether_the_server_runs() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let mut rig = Rig::with(Wire::Chat, [], |config| {
        config.base_url = format!("http://{port}/v1")
    })
    .await;
    rig.hears("oi");
    let (_, end) = rig.rest().await;
    let End::Failed(FailureKind::Transient, message) = end else {
        panic!("{end:?}")
    };
    assert!(
        message.contains("check chat.url") && message.contains(&port.to_string()),
        "{message}"
    );
}

/// As Anthropic's API reference has them under "Errors".
#[tokio::test]
async fn anthropics_errors_are_sorted_by_what_mends_them() {
    let body = |kind: &str, message: &str| {
        format!(
            r#"{{"type": "error", "error": {{"type": "{kind}", "message": "{message}"}}, "request_id": "req_1"}}"#
        )
    };
    for (status, kind, message, sorted) in [
        (
            401,
            "authentication_error",
            "invalid x-api-key",
            FailureKind::Unauthorized,
        ),
        (403, "permission_error", "not for you", FailureKind::Unauthorized),
        (402, "billing_error", "no means", FailureKind::Quota),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low",
            FailureKind::Quota,
        ),
        (404, "not_found_error", "model: llama", FailureKind::Unsupported),
        (413, "request_too_large", "too large", FailureKind::Unsupported),
        (
            429,
            "rate_limit_error",
            "would exceed your organization's rate limit",
            FailureKind::RateLimited,
        ),
    ] {
        let (got, told, asked) =
            failure_of(Wire::Anthropic, [Reply::refusing(status, body(kind, message))]).await;
        assert_eq!((got, asked), (sorted, 1), "{status} {kind}: {told}");
    }
    let overloaded = || Reply::refusing(529, body("overloaded_error", "Overloaded"));
    let (kind, message, asked) = failure_of(Wire::Anthropic, [overloaded(), overloaded()]).await;
    assert_eq!((kind, asked), (FailureKind::Transient, 2), "{message}");
    let stream = || {
        let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
        Reply::streaming().event(&error)
    };
    let (kind, message, asked) = failure_of(Wire::Anthropic, [stream(), stream()]).await;
    assert_eq!((kind, asked), (FailureKind::Transient, 2), "{message}");
}

/// As Google's API reference has them under "Troubleshooting".
#[tokio::test]
async fn googles_errors_are_sorted_by_what_mends_them() {
    let body = |code: u16, status: &str, message: &str, details: Value| {
        json!({"error": {"code": code, "message": message, "status": status, "details": details}}).to_string()
    };
    let key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
    let quota = |id: &str| json!([{"violations": [{"quotaId": id}]}]);
    let spent = "You exceeded your current quota, please check your plan and billing details.";
    for (code, status, message, details, sorted) in [
        (
            400,
            "INVALID_ARGUMENT",
            "API key not valid.",
            key,
            FailureKind::Unauthorized,
        ),
        (
            403,
            "PERMISSION_DENIED",
            "no",
            json!([]),
            FailureKind::Unauthorized,
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            spent,
            quota("GenerateRequestsPerMinutePerProjectPerModel"),
            FailureKind::RateLimited,
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            spent,
            quota("GenerateRequestsPerDayPerProjectPerModel"),
            FailureKind::Quota,
        ),
        (
            404,
            "NOT_FOUND",
            "models/llama is not found",
            json!([]),
            FailureKind::Unsupported,
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "unknown field",
            json!([]),
            FailureKind::Unsupported,
        ),
    ] {
        let reply = Reply::refusing(code, body(code, status, message, details));
        let (got, told, asked) = failure_of(Wire::Gemini, [reply]).await;
        assert_eq!((got, asked), (sorted, 1), "{code} {status}: {told}");
    }
    let overloaded = || {
        Reply::refusing(
            503,
            body(503, "UNAVAILABLE", "The model is overloaded.", json!([])),
        )
    };
    let (kind, message, asked) = failure_of(Wire::Gemini, [overloaded(), overloaded()]).await;
    assert_eq!((kind, asked), (FailureKind::Transient, 2), "{message}");
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
    let (kind, message, _) = failure_of(Wire::Gemini, [Reply::streaming().event(&blocked)]).await;
    assert_eq!(kind, FailureKind::Policy, "{message}");
    let malformed = || Reply::using("a", "take_message", "{\"name\": ");
    let (kind, message, asked) = failure_of(Wire::Gemini, [malformed(), malformed()]).await;
    assert_eq!((kind, asked), (FailureKind::Protocol, 2), "{message}");
}

/// What an endpoint says of a rate may point to pages about quotas and billing.
#[tokio::test]
async fn a_rate_is_not_taken_for_a_quota() {
    let azure = "Requests to the ChatCompletions operation have exceeded call rate limit of your current OpenAI S0 pricing \
        tier. Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit.";
    let groq = "Rate limit reached for model `llama` on tokens per minute (TPM). Need more tokens? Upgrade to Dev Tier today \
        at https://console.groq.com/settings/billing";
    for message in [azure, groq] {
        let body = json!({"error": {"message": message, "code": "429"}}).to_string();
        let (kind, told, _) = failure([Reply::refusing(429, body)]).await;
        assert_eq!(kind, FailureKind::RateLimited, "{told}");
    }
}

/// Groq refuses a call that its model wrote badly; OpenRouter gives an error in the stream the status that it would have had.
#[tokio::test]
async fn errors_of_single_vendors_are_known() {
    let badly = r#"{"error": {"message": "Failed to call a function.", "type": "invalid_request_error", "code": "tool_use_failed", "failed_generation": "meu segredo é 4711"}}"#;
    let (kind, message, asked) = failure([Reply::refusing(400, badly), Reply::refusing(400, badly)]).await;
    assert_eq!((kind, asked), (FailureKind::Protocol, 2), "{message}");
    for (code, sorted) in [(402, FailureKind::Quota), (401, FailureKind::Unauthorized)] {
        let error = json!({"id": "gen-1", "choices": [], "error": {"code": code, "message": "no"}});
        let (kind, message, _) = failure([Reply::streaming().event(&error)]).await;
        assert_eq!(kind, sorted, "{message}");
    }
    let tools = json!({"error": {"message": "llama does not support tools"}});
    let (kind, message, _) = failure([Reply::streaming().event(&tools)]).await;
    assert!(
        kind == FailureKind::Unsupported && message.contains("supports tools"),
        "{message}"
    );
}

/// OpenRouter and Anthropic hold a connection open with comments and pings while the model does nothing.
#[tokio::test]
async fn a_connection_that_is_only_held_open_is_no_sign_of_life() {
    for (wire, held) in [
        (Wire::Chat, ": OPENROUTER PROCESSING\n\n"),
        (Wire::Anthropic, "event: ping\ndata: {\"type\": \"ping\"}\n\n"),
    ] {
        let mut reply = Reply::refusing(200, "");
        for _ in 0..200 {
            reply = reply.raw(held).pause(Duration::from_millis(50));
        }
        let mut rig = Rig::with(wire, [reply.as_a_stream()], |config| {
            config.first_token_timeout = Duration::from_millis(500);
            config.token_timeout = Duration::from_secs(60);
        })
        .await;
        rig.hears("oi");
        let (_, end) = rig.rest().await;
        assert!(
            matches!(end, End::Failed(FailureKind::Transient, _)),
            "{wire:?}: {end:?}"
        );
        rig.server.until(|seen| seen.cancelled == 1).await;
    }
}

#[tokio::test]
async fn a_failed_brain_stays_silent() {
    let mut rig = Rig::new([Reply::refusing(401, "{}"), Reply::saying("Oi.")]).await;
    rig.hears("oi");
    assert!(matches!(rig.rest().await.1, End::Failed(..)));
    rig.hears("oi?");
    assert_eq!(rig.server.seen().asked.len(), 1);
}

#[test]
fn a_configuration_is_checked_before_any_call() {
    let error = LanguageModel::new(Config::new("https://ana:secret@h/v1", "m"))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("api_key") && !error.contains("secret"), "{error}");
    let _ = brain(Config::new("https://api.example.com/v1/", "llama"));
    let refusal = |config: Config| {
        LanguageModel::new(config)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    };
    assert!(
        refusal(Config::new("localhost:11434/v1", "llama"))
            .contains("must look like http://127.0.0.1:11434/v1")
    );
    assert!(refusal(Config::new("http://localhost/v1", " ")).contains("chat.model is empty"));
    assert!(refusal(Config::of(Vendor::Groq, "llama")).contains("answers nobody without one"));
    let mut config = Config::new("http://localhost/v1", "llama");
    config.headers.insert("no header".into(), "x".into());
    assert!(refusal(config).contains("chat.headers: \"no header\""));
    for key in ["", "two\nlines"] {
        let mut config = Config::new("http://localhost/v1", "llama");
        config.api_key = Some(ApiKey::new(key));
        assert!(refusal(config).contains("chat.api_key is empty or has characters"));
    }
}

#[test]
fn no_debug_output_shows_the_key() {
    let mut config = Config::new("http://localhost/v1", "llama");
    config.api_key = Some(ApiKey::new("sk-secret"));
    assert!(!format!("{config:?}").contains("sk-secret"));
}
