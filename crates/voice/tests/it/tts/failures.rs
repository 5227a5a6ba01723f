//! What goes wrong at a service of text to speech, and what the operator is told of it.

use super::services::{PATIENCE, config, prepare};
use super::{speak, speech};
use call::FailureKind;
use secretary::Language;
use sim::speech::{Reply, SpeechServer, UNKNOWN_VOICE, tone, wav};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use voice::ApiKey;
use voice::service::Access;
use voice::tts::{SpeechConfig, SpeechService, Synthesizer, TtsError, Vendor};

const SECRET: &str = "sk-secret-4711";

/// The failure of a text with these replies, and how often the service was asked.
async fn failure(
    vendor: Vendor,
    replies: impl IntoIterator<Item = Reply>,
    change: impl FnOnce(&mut SpeechConfig),
) -> (TtsError, usize) {
    let server = SpeechServer::start(replies).await.unwrap();
    let mut config = config(vendor, &server);
    change(&mut config);
    let service = SpeechService::new(config).unwrap();
    let text = speech("meu segredo é 0815", Language::PtBr);
    let error = timeout(PATIENCE, speak(&service, text))
        .await
        .unwrap()
        .unwrap_err();
    let told = error.to_string();
    assert!(
        !told.contains(SECRET) && !told.contains("0815"),
        "a secret is told: {told}"
    );
    (error, server.seen().asked.len())
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_voice_are_told_by_every_service() {
    for vendor in Vendor::ALL {
        let wrong_key = |config: &mut SpeechConfig| config.access.api_key = Some(ApiKey::new(SECRET));
        let (error, asked) = failure(vendor, [], wrong_key).await;
        assert_eq!(
            (error.kind(), asked),
            (FailureKind::Unauthorized, 1),
            "{vendor:?}: {error}"
        );
        assert!(
            error.to_string().contains("set engines.local.tts.api_key"),
            "{error}"
        );

        let (error, asked) = failure(vendor, [], |config| config.voice = UNKNOWN_VOICE.into()).await;
        assert_eq!(
            (error.kind(), asked),
            (FailureKind::Unsupported, 1),
            "{vendor:?}: {error}"
        );
        assert!(error.to_string().contains("check voice and model"), "{error}");
    }
}

#[tokio::test]
async fn refusals_are_sorted_by_what_mends_them() {
    let quota = r#"{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}"#;
    let elevenlabs_quota = r#"{"detail": {"status": "quota_exceeded", "message": "insufficient quota"}}"#;
    let busy = r#"{"detail": {"status": "too_many_concurrent_requests", "message": "Too many"}}"#;
    let policy = r#"{"error": {"code": "content_policy_violation", "message": "no"}}"#;
    let repeats = r#"{"error": {"message": "cannot say: meu segredo é 0815", "code": "x"}}"#;
    for (status, body, kind, says) in [
        (429, quota, FailureKind::Quota, "add credit"),
        (401, elevenlabs_quota, FailureKind::Quota, "add credit"),
        (402, "", FailureKind::Quota, "add credit"),
        (429, busy, FailureKind::RateLimited, "Too many"),
        (429, "", FailureKind::RateLimited, "raise the limit"),
        (400, policy, FailureKind::Policy, "refuses the content"),
        (400, repeats, FailureKind::Unsupported, "are left out"),
        (
            404,
            "<html>",
            FailureKind::Unsupported,
            "url in [engines.local.tts]",
        ),
        (308, "", FailureKind::Unsupported, "redirects"),
    ] {
        let (error, asked) = failure(Vendor::OpenAi, [Reply::refusing(status, body)], |_| {}).await;
        assert_eq!((error.kind(), asked), (kind, 1), "{status} {body}: {error}");
        assert!(error.to_string().contains(says), "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn what_fails_in_passing_is_asked_again_once() {
    let busy = || Reply::refusing(503, "{\"error\": \"loading model\"}");
    let server = SpeechServer::start([busy()]).await.unwrap();
    let service = SpeechService::new(config(Vendor::OpenAi, &server)).unwrap();
    assert!(
        !speak(&service, speech("oi", Language::PtBr))
            .await
            .unwrap()
            .is_empty()
    );
    let (error, asked) = failure(Vendor::OpenAi, [busy(), busy()], |_| {}).await;
    assert_eq!((error.kind(), asked), (FailureKind::Transient, 2));
    assert!(error.to_string().contains("loading model"), "{error}");
    // What broke off after audio would be said twice.
    let broken = Reply::audio().breaking_after(9_600);
    let (error, asked) = failure(Vendor::OpenAi, [broken], |_| {}).await;
    assert_eq!((error.kind(), asked), (FailureKind::Transient, 1), "{error}");
}

#[tokio::test]
async fn what_is_no_audio_is_never_played() {
    let error_in_place = r#"{"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}"#;
    let two_channels = {
        let mut file = wav(&tone("oi", 16_000), 16_000);
        file[22] = 2;
        file
    };
    let json = |body: &str| Reply::bytes(body).typed("application/json");
    for (vendor, reply, kind, says) in [
        (
            Vendor::OpenAi,
            json(error_in_place),
            FailureKind::RateLimited,
            "Rate limit reached",
        ),
        (
            Vendor::OpenAi,
            json("{}"),
            FailureKind::Protocol,
            "application/json",
        ),
        (
            Vendor::OpenAi,
            Reply::bytes("<html>").typed("text/html"),
            FailureKind::Protocol,
            "text/html",
        ),
        (
            Vendor::OpenAi,
            Reply::bytes("xxxx").typed("audio/mpeg"),
            FailureKind::Protocol,
            "audio/mpeg",
        ),
        (
            Vendor::ElevenLabs,
            Reply::bytes("ID3\u{4}...."),
            FailureKind::Protocol,
            "compressed",
        ),
        (
            Vendor::ElevenLabs,
            Reply::bytes(""),
            FailureKind::Protocol,
            "without audio",
        ),
        (
            Vendor::Deepgram,
            Reply::bytes(two_channels),
            FailureKind::Protocol,
            "2 channels",
        ),
        (
            Vendor::Deepgram,
            Reply::audio().flooding(),
            FailureKind::Protocol,
            "for a text that is said in less",
        ),
        (
            Vendor::Google,
            json("{}"),
            FailureKind::Protocol,
            "without audioContent",
        ),
        (
            Vendor::Google,
            json(r#"{"audioContent": "?"}"#),
            FailureKind::Protocol,
            "no base64",
        ),
        (
            Vendor::Google,
            json(r#"{"audioContent": ""}"#),
            FailureKind::Protocol,
            "without audio",
        ),
    ] {
        let (error, asked) = failure(vendor, [reply], |_| {}).await;
        assert_eq!((error.kind(), asked), (kind, 1), "{vendor:?}: {error}");
        assert!(error.to_string().contains(says), "{vendor:?}: {error}");
    }
}

#[tokio::test]
async fn a_service_that_stalls_is_given_up() {
    let short = Duration::from_millis(200);
    let (error, asked) = failure(Vendor::OpenAi, [Reply::audio().hanging_after(0)], |config| {
        config.first_audio_timeout = short;
    })
    .await;
    assert_eq!((error.kind(), asked), (FailureKind::Transient, 1), "{error}");
    assert!(
        error.to_string().contains("no first audio") && error.to_string().contains("200 ms"),
        "{error}"
    );
    let (error, _) = failure(Vendor::OpenAi, [Reply::audio().hanging_after(4_800)], |config| {
        config.audio_timeout = short;
    })
    .await;
    assert!(error.to_string().contains("no more audio"), "{error}");
}

/// A listener who takes his time is no stall of the service's.
#[tokio::test]
async fn a_slow_listener_is_no_failure() {
    let server = SpeechServer::start([Reply::audio().in_pieces_of(4_800)])
        .await
        .unwrap();
    let config = SpeechConfig {
        audio_timeout: Duration::from_millis(500),
        ..config(Vendor::Deepgram, &server)
    };
    let service = SpeechService::new(config).unwrap();
    let (out, mut pieces) = mpsc::channel(1);
    let work = tokio::spawn(async move { service.speak(speech("bom dia", Language::PtBr), out).await });
    assert!(pieces.recv().await.is_some());
    // The pause itself is what is tried here: longer than the limit.
    tokio::time::sleep(Duration::from_millis(700)).await;
    while pieces.recv().await.is_some() {}
    work.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_place_where_nobody_is_and_one_where_nobody_answers() {
    prepare();
    // A port that was just free: nobody listens there.
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nowhere.local_addr().unwrap();
    drop(nowhere);
    let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for (address, says) in [
        (address, "check engines.local.tts.url"),
        (deaf.local_addr().unwrap(), "no first audio"),
    ] {
        let config = SpeechConfig {
            voice: "someone".into(),
            first_audio_timeout: Duration::from_millis(500),
            ..SpeechConfig::new(
                Vendor::Deepgram,
                Access::new("engines.local.tts", format!("http://{address}")),
            )
        };
        let service = SpeechService::new(config).unwrap();
        let spoken = timeout(PATIENCE, speak(&service, speech("oi", Language::PtBr))).await;
        let error = spoken.unwrap().unwrap_err();
        assert_eq!(error.kind(), FailureKind::Transient, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}
