//! What goes wrong at the endpoint, and what the operator is told.

use super::{End, Rig, brain};
use call::FailureKind;
use sim::chat::Reply;
use std::time::Duration;
use tokio::net::TcpListener;
use voice::ApiKey;
use voice::brain::chat::{ChatBrain, Config, ConfigError};

async fn failure(replies: impl IntoIterator<Item = Reply>) -> (FailureKind, String, usize) {
    let mut rig = Rig::new(replies).await;
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
            "check chat.model",
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
    for reply in [
        Reply::streaming().text("Oi. E ").broken(),
        Reply::streaming().text("Oi. E "),
    ] {
        let mut rig = Rig::new([reply, Reply::saying("Outra vez.")]).await;
        rig.hears("oi");
        let (answer, end) = rig.rest().await;
        assert_eq!(answer, ["Oi."]);
        assert!(matches!(end, End::Failed(FailureKind::Transient, _)), "{end:?}");
        assert_eq!(rig.server.seen().asked.len(), 1);
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
        assert!(message.contains("OpenAI-compatible"), "{message}");
    }
}

#[tokio::test]
async fn an_empty_or_filtered_answer_is_told() {
    let mut rig = Rig::new([Reply::streaming().stop("stop")]).await;
    assert!(rig.says("oi").await.is_empty());
    assert_eq!(
        failure([Reply::streaming().stop("content_filter")]).await.0,
        FailureKind::Policy
    );
    assert_eq!(
        failure([Reply::streaming().stop("length")]).await.0,
        FailureKind::Unsupported
    );
}

#[tokio::test]
async fn a_slow_model_is_given_up() {
    let short = |config: &mut Config| {
        config.first_token_timeout = Duration::from_millis(80);
        config.token_timeout = Duration::from_millis(80);
    };
    for (reply, which) in [
        (Reply::streaming().hang(), "no first token"),
        (Reply::streaming().text("Oi. E ").hang(), "no next token"),
    ] {
        let mut rig = Rig::with([reply], short).await;
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

#[tokio::test]
async fn a_model_may_take_longer_in_all_than_between_tokens() {
    let mut reply = Reply::streaming();
    for word in ["Um ", "dois ", "três ", "quatro "] {
        reply = reply.text(word).pause(Duration::from_millis(150));
    }
    let mut rig = Rig::with([reply.stop("stop")], |config| {
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
    let mut rig = Rig::with([], |config| config.base_url = format!("http://{port}/v1")).await;
    rig.hears("oi");
    let (_, end) = rig.rest().await;
    let End::Failed(FailureKind::Transient, message) = end else {
        panic!("{end:?}")
    };
    assert!(
        message.contains("Ollama running there?") && message.contains(&port.to_string()),
        "{message}"
    );
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
    let error = ChatBrain::new(Config::new("https://ana:secret@h/v1", "m"))
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("chat.api_key") && !error.contains("secret"),
        "{error}"
    );
    let _ = brain(Config::new("https://api.example.com/v1/", "llama"));
    let refusal = |config: Config| {
        ChatBrain::new(config)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    };
    assert!(
        refusal(Config::new("localhost:11434/v1", "llama"))
            .contains("must look like http://127.0.0.1:11434/v1")
    );
    assert!(refusal(Config::new("http://localhost/v1", " ")).contains("chat.model is empty"));
    for key in ["", "two\nlines"] {
        let mut config = Config::new("http://localhost/v1", "llama");
        config.api_key = Some(ApiKey::new(key));
        assert_eq!(ChatBrain::new(config).err(), Some(ConfigError::Key));
    }
}

#[test]
fn no_debug_output_shows_the_key() {
    let mut config = Config::new("http://localhost/v1", "llama");
    config.api_key = Some(ApiKey::new("sk-secret"));
    assert!(!format!("{config:?}").contains("sk-secret"));
}
