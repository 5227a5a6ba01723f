//! The words of whole utterances from a provider's HTTP service, against its stand-in.

use crate::official;
use call::FailureKind;
use secretary::Language;
use serde_json::{Value, json};
use sim::transcription::{KEY, Reply, TranscriptionServer};
use std::sync::Arc;
use std::time::Duration;
use voice::ApiKey;
use voice::service::Access;
use voice::stt::{SttError, Transcriber, TranscriptionConfig, TranscriptionService, Vendor};

const WORDS: &str = "Quero falar com o financeiro.";
const HINT: &str = "Ligação para a empresa: financeiro, Ana.";

fn path(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::OpenAi => "/v1",
        Vendor::Groq => "/openai/v1",
        Vendor::Azure | Vendor::Google => "",
    }
}

fn service(
    vendor: Vendor,
    server: &TranscriptionServer,
    key: &str,
    timeout: Duration,
) -> TranscriptionService {
    // Another test of this process may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}{}", server.url(), path(vendor));
    let access = Access::new("engines.local.stt", url).with_key(ApiKey::new(key));
    let config = TranscriptionConfig::new(vendor, access);
    TranscriptionService::new(TranscriptionConfig { timeout, ..config }).unwrap()
}

async fn words(vendor: Vendor, server: &TranscriptionServer) -> Result<String, SttError> {
    let service = service(vendor, server, KEY, Duration::from_secs(20));
    let samples: Arc<[i16]> = (0..16_000).collect();
    service.transcribe(samples, Language::PtBr, &HINT.into()).await
}

async fn failure(vendor: Vendor, reply: Reply) -> (FailureKind, String) {
    let server = TranscriptionServer::start([reply.clone(), reply]).await.unwrap();
    match words(vendor, &server).await {
        Err(SttError::Service(failure)) => {
            assert!(!failure.message.contains(KEY), "{failure}");
            (failure.kind, failure.message)
        }
        other => panic!("{vendor:?}: {other:?}"),
    }
}

#[tokio::test]
async fn each_is_told_sound_language_and_hint_in_its_own_way() {
    for vendor in Vendor::ALL {
        let server = TranscriptionServer::start([Reply::words(WORDS)]).await.unwrap();
        assert_eq!(words(vendor, &server).await.unwrap(), WORDS, "{vendor:?}");
        let asked = server.seen().asked.remove(0);
        assert_eq!(asked.samples, (0..16_000).collect::<Vec<i16>>(), "{vendor:?}");
        let said = |name: &str| asked.said.get(name).cloned().unwrap_or_default();
        match vendor {
            Vendor::OpenAi | Vendor::Groq => {
                assert_eq!(asked.path, format!("{}/audio/transcriptions", path(vendor)));
                assert_eq!((said("language"), said("prompt")), ("pt".into(), HINT.into()));
                assert_eq!(said("model"), vendor.model());
            }
            Vendor::Azure => assert_eq!(asked.query, "language=pt-BR&format=simple&profanity=raw"),
            Vendor::Google => {
                assert_eq!(said("languageCode"), "pt-BR");
                let phrases = json!([{"phrases": ["Ligação para a empresa", "financeiro", "Ana"]}]);
                assert_eq!(said("speechContexts"), phrases);
            }
        }
    }
}

#[tokio::test]
async fn silence_has_no_words_and_annotations_are_none() {
    for vendor in Vendor::ALL {
        let replies = [Reply::words(""), Reply::words("[Música]")];
        let server = TranscriptionServer::start(replies).await.unwrap();
        assert_eq!(words(vendor, &server).await.unwrap(), "", "{vendor:?}");
        assert_eq!(words(vendor, &server).await.unwrap(), "", "{vendor:?}");
    }
}

#[tokio::test]
async fn refusals_are_sorted_by_what_mends_them() {
    for vendor in Vendor::ALL {
        let server = TranscriptionServer::start([]).await.unwrap();
        let wrong = service(vendor, &server, "another", Duration::from_secs(20));
        match wrong.transcribe([1; 160].into(), Language::En, &"".into()).await {
            Err(SttError::Service(failure)) => {
                assert_eq!(failure.kind, FailureKind::Unauthorized, "{vendor:?}: {failure}");
                assert!(
                    failure.message.contains("set engines.local.stt.api_key"),
                    "{failure}"
                );
            }
            other => panic!("{vendor:?}: {other:?}"),
        }
        for (status, body, kind) in [
            (402, "", FailureKind::Quota),
            (
                429,
                r#"{"error": {"message": "Rate limit reached"}}"#,
                FailureKind::RateLimited,
            ),
            (
                400,
                r#"{"error": {"message": "unknown model"}}"#,
                FailureKind::Unsupported,
            ),
            (503, "busy", FailureKind::Transient),
            (200, "<html>", FailureKind::Protocol),
            (200, r#"{"words": []"#, FailureKind::Protocol),
            (200, r#"[1]"#, FailureKind::Protocol),
        ] {
            let (got, message) = failure(vendor, Reply::refusing(status, body)).await;
            assert_eq!(got, kind, "{vendor:?} {status} {body}: {message}");
        }
    }
    let (kind, message) = failure(
        Vendor::Azure,
        Reply::refusing(200, r#"{"RecognitionStatus": "Error"}"#),
    )
    .await;
    assert_eq!(kind, FailureKind::Protocol, "{message}");
}

#[tokio::test]
async fn what_fails_in_passing_is_asked_again_once() {
    for vendor in Vendor::ALL {
        for broken in [Reply::refusing(503, "busy"), Reply::Break] {
            let server = TranscriptionServer::start([broken, Reply::words(WORDS)])
                .await
                .unwrap();
            assert_eq!(words(vendor, &server).await.unwrap(), WORDS, "{vendor:?}");
        }
        let (kind, message) = failure(vendor, Reply::Break).await;
        assert_eq!(kind, FailureKind::Transient, "{message}");
    }
}

#[tokio::test]
async fn words_that_do_not_come_in_time_are_given_up() {
    let server = TranscriptionServer::start([Reply::Hang]).await.unwrap();
    let hasty = service(Vendor::OpenAi, &server, KEY, Duration::from_millis(300));
    let found = hasty.transcribe([1; 160].into(), Language::En, &"".into()).await;
    let Err(SttError::Service(failure)) = found else {
        panic!("{found:?}")
    };
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure.message.contains("no words from") && failure.message.contains("within 300 ms"),
        "{failure}"
    );
    server.until(|seen| seen.cancelled == 1).await;
}

#[tokio::test]
async fn whoever_wants_the_words_no_more_gives_up_the_request() {
    let server = TranscriptionServer::start([Reply::Hang]).await.unwrap();
    let patient = service(Vendor::OpenAi, &server, KEY, Duration::from_secs(60));
    let asking = tokio::spawn(async move {
        patient
            .transcribe([1; 160].into(), Language::En, &"".into())
            .await
    });
    server.until(|seen| seen.asked.len() == 1).await;
    asking.abort();
    server.until(|seen| seen.cancelled == 1).await;
}

#[test]
fn a_configuration_is_checked_before_any_call() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let access = Access::new("engines.local.stt", "http://127.0.0.1/v1");
    let mut config = TranscriptionConfig::new(Vendor::OpenAi, access);
    config.model.clear();
    let error = TranscriptionService::new(config).err().unwrap().to_string();
    assert!(error.contains("engines.local.stt.model is empty"), "{error}");
    for vendor in Vendor::ALL {
        assert_eq!(Vendor::named(vendor.name()), Some(vendor));
    }
}

#[tokio::test]
async fn the_official_client_understands_the_stand_in_and_knows_our_fields() {
    let Some(python) = official::python_with("openai") else {
        return;
    };
    let server = TranscriptionServer::start([Reply::words(WORDS), Reply::words(WORDS)])
        .await
        .unwrap();
    words(Vendor::OpenAi, &server).await.unwrap();
    let said = json!(server.seen().asked[0].said).to_string();
    let output = official::client(&python, "transcribe.py", &[&server.url(), KEY, &said]).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told, json!({"words": WORDS, "unknown": []}));
    let seen = server.seen().asked;
    assert_eq!(seen[1].said, seen[0].said, "the client sends the same fields");
}
