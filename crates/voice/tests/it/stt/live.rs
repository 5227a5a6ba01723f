//! Words that are found while they are spoken, against the stand-in, which really hears.

mod official;

use call::FailureKind;
use secretary::Language;
use serde_json::{Value, json};
use sim::transcription::KEY;
use sim::transcription::live::{LiveServer, Script, Trouble};
use std::future::poll_fn;
use std::time::Duration;
use voice::ApiKey;
use voice::service::Access;
use voice::stt::{Listener, LiveConfig, LiveService, LiveTranscriber, LiveVendor, SttError};

const VOCABULARY: [&str; 6] = ["quero", "falar", "com", "o", "financeiro", "agora"];
const HINT: &str = "Ligação para a empresa: financeiro, Ana Souza.";

/// Far longer than anything here takes: what waits for ever is told so.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn service(vendor: LiveVendor, server: &LiveServer, key: &str, timeout: Duration) -> LiveService {
    let access = Access::new("engines.local.stt", server.url()).with_key(ApiKey::new(key));
    let config = LiveConfig::new(vendor, access);
    // Another test of this process may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    LiveService::new(LiveConfig {
        timeout,
        keepalive: Duration::from_millis(100),
        ..config
    })
    .unwrap()
}

/// A call that is listened to.
struct Rig {
    script: Script,
    server: LiveServer,
    listener: Box<dyn Listener>,
}

impl Rig {
    async fn new(vendor: LiveVendor, troubles: Vec<Trouble>) -> Self {
        Self::with(vendor, KEY, PATIENCE, |script| script.troubles = troubles).await
    }

    async fn with(
        vendor: LiveVendor,
        key: &str,
        timeout: Duration,
        change: impl FnOnce(&mut Script),
    ) -> Self {
        let mut script = Script::knowing(&VOCABULARY);
        change(&mut script);
        let server = LiveServer::start(script.clone()).await.unwrap();
        let listener = service(vendor, &server, key, timeout).listen(Language::PtBr, &HINT.into());
        Self {
            script,
            server,
            listener,
        }
    }

    /// Words as frames of 20 ms.
    fn hear(&mut self, words: &[&str]) {
        for frame in self.script.sound(words).chunks(320) {
            self.listener.hear(frame);
        }
    }

    async fn words(&mut self) -> Result<String, SttError> {
        let words = self.listener.words();
        tokio::time::timeout(PATIENCE * 2, words)
            .await
            .expect("the words come")
    }

    async fn turn(&mut self, words: &[&str]) -> Result<String, SttError> {
        self.listener.begin();
        self.hear(words);
        self.words().await
    }

    async fn failure(&mut self) -> (FailureKind, String) {
        match self.turn(&["agora", "agora"]).await {
            Err(SttError::Service(failure)) => {
                assert!(!failure.message.contains(KEY), "{failure}");
                (failure.kind, failure.message)
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn each_turn_has_its_own_words() {
    for vendor in LiveVendor::ALL {
        let mut rig = Rig::new(vendor, vec![]).await;
        assert_eq!(
            rig.turn(&["quero", "falar"]).await.unwrap(),
            "quero falar",
            "{vendor:?}"
        );
        assert_eq!(
            rig.turn(&["com", "o", "financeiro"]).await.unwrap(),
            "com o financeiro"
        );
        // One that was none is not asked for.
        rig.listener.begin();
        rig.hear(&["agora", "agora"]);
        assert_eq!(
            rig.turn(&["falar", "agora"]).await.unwrap(),
            "falar agora",
            "{vendor:?}"
        );
        assert_eq!(rig.server.log().connections, 1);
    }
}

#[tokio::test]
async fn a_turn_that_goes_on_has_all_its_words() {
    for vendor in LiveVendor::ALL {
        let mut rig = Rig::new(vendor, vec![]).await;
        assert_eq!(rig.turn(&["quero", "falar"]).await.unwrap(), "quero falar");
        rig.hear(&["com", "o"]);
        // Asked for in a pause, and not waited for.
        drop(rig.listener.words());
        rig.hear(&["financeiro", "agora"]);
        assert_eq!(
            rig.words().await.unwrap(),
            "quero falar com o financeiro agora",
            "{vendor:?}"
        );
    }
}

#[tokio::test]
async fn partial_words_are_those_of_the_turn_and_grow() {
    for vendor in LiveVendor::ALL {
        let mut rig = Rig::new(vendor, vec![]).await;
        rig.turn(&["agora", "agora"]).await.unwrap();
        rig.listener.begin();
        rig.hear(&["quero", "falar", "com"]);
        let mut last = String::new();
        while last != "quero falar com" {
            let partial = poll_fn(|cx| rig.listener.poll_partial(cx));
            let partial = tokio::time::timeout(PATIENCE, partial).await.unwrap();
            assert!(
                partial.starts_with(&last),
                "{vendor:?}: {last:?} then {partial:?}"
            );
            last = partial;
        }
    }
}

#[tokio::test]
async fn the_service_is_told_what_call_it_is() {
    for (vendor, model, language, term) in [
        (
            LiveVendor::Deepgram,
            "model=nova-3",
            "language=pt-BR",
            "keyterm=Ana+Souza",
        ),
        (
            LiveVendor::ElevenLabs,
            "model_id=scribe_v2_realtime",
            "language_code=pt",
            "keyterms=Ana+Souza",
        ),
    ] {
        let mut rig = Rig::new(vendor, vec![]).await;
        rig.turn(&["quero", "falar"]).await.unwrap();
        let log = rig.server.log();
        let query = log.client("connect")[0]["query"].as_str().unwrap();
        for part in [model, language, term] {
            assert!(
                query.split('&').any(|given| given == part),
                "{part} is not in {query}"
            );
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_costs_the_turn_and_is_opened_again() {
    for vendor in LiveVendor::ALL {
        for (trouble, kind) in [
            (Trouble::Breaks, FailureKind::Transient),
            (Trouble::Closes(1011), FailureKind::Transient),
            (Trouble::Malformed, FailureKind::Protocol),
        ] {
            let mut rig = Rig::new(vendor, vec![trouble.clone()]).await;
            let (got, message) = rig.failure().await;
            assert_eq!(got, kind, "{vendor:?} {trouble:?}: {message}");
            assert_eq!(
                rig.turn(&["quero", "falar"]).await.unwrap(),
                "quero falar",
                "{vendor:?} {trouble:?}"
            );
            rig.server.until(|log| log.open == 1).await;
        }
    }
}

#[tokio::test]
async fn a_connection_that_could_not_be_opened_ahead_is_opened_with_the_turn() {
    for vendor in LiveVendor::ALL {
        let mut rig = Rig::new(vendor, vec![Trouble::Refuse(503, "busy".into())]).await;
        let refused = |log: &sim::transcription::live::Log| log.client("connect").len() == 1;
        rig.server.until(refused).await;
        assert_eq!(
            rig.turn(&["quero", "falar"]).await.unwrap(),
            "quero falar",
            "{vendor:?}"
        );
        // And where that fails, too, it costs the turn alone.
        let busy = || Trouble::Refuse(429, "{}".into());
        let mut rig = Rig::new(vendor, vec![busy(), busy()]).await;
        rig.server.until(refused).await;
        let (kind, message) = rig.failure().await;
        assert_eq!(kind, FailureKind::RateLimited, "{vendor:?}: {message}");
        assert_eq!(
            rig.turn(&["quero", "falar"]).await.unwrap(),
            "quero falar",
            "{vendor:?}"
        );
    }
}

#[tokio::test]
async fn errors_of_the_service_are_sorted_by_what_mends_them() {
    let scribe = |kind: &str| json!({"message_type": kind, "error": "no"});
    for (vendor, error, kind) in [
        (
            LiveVendor::ElevenLabs,
            scribe("auth_error"),
            FailureKind::Unauthorized,
        ),
        (
            LiveVendor::ElevenLabs,
            scribe("quota_exceeded"),
            FailureKind::Quota,
        ),
        (
            LiveVendor::ElevenLabs,
            scribe("rate_limited"),
            FailureKind::RateLimited,
        ),
        (
            LiveVendor::ElevenLabs,
            scribe("unaccepted_terms"),
            FailureKind::Unsupported,
        ),
        (
            LiveVendor::ElevenLabs,
            scribe("session_time_limit_exceeded"),
            FailureKind::Transient,
        ),
        (
            LiveVendor::Deepgram,
            json!({"type": "Error", "variant": "SchemaError", "description": "no"}),
            FailureKind::Unsupported,
        ),
    ] {
        let mut rig = Rig::new(vendor, vec![Trouble::Says(error.clone())]).await;
        let (got, message) = rig.failure().await;
        assert_eq!(got, kind, "{error}: {message}");
    }
}

#[tokio::test]
async fn a_key_that_is_refused_is_not_tried_again() {
    for vendor in LiveVendor::ALL {
        let mut rig = Rig::with(vendor, "another", PATIENCE, |_| {}).await;
        for _ in 0..2 {
            let (kind, message) = rig.failure().await;
            assert_eq!(kind, FailureKind::Unauthorized, "{vendor:?}: {message}");
            assert!(message.contains("set engines.local.stt.api_key"), "{message}");
        }
        assert!(rig.server.log().client("connect").is_empty());
    }
}

#[tokio::test]
async fn words_that_do_not_come_in_time_are_given_up_and_so_is_the_connection() {
    for vendor in LiveVendor::ALL {
        let short = Duration::from_millis(500);
        let mut rig = Rig::with(vendor, KEY, short, |script| {
            script.troubles = vec![Trouble::Silent]
        })
        .await;
        rig.server.until(|log| log.open == 1).await;
        let (kind, message) = rig.failure().await;
        assert_eq!(kind, FailureKind::Transient);
        assert!(
            message.contains("no words from") && message.contains("within 500 ms"),
            "{message}"
        );
        rig.server.until(|log| log.open == 0).await;
        rig.listener.begin();
        rig.server.until(|log| log.connections == 2).await;
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_open() {
    let mut rig = Rig::with(LiveVendor::Deepgram, KEY, PATIENCE, |script| {
        script.patience = Duration::from_secs(5);
    })
    .await;
    let kept = |log: &sim::transcription::live::Log| log.client("KeepAlive").len() >= 5;
    rig.server.until(kept).await;
    assert_eq!(rig.turn(&["quero", "falar"]).await.unwrap(), "quero falar");
    assert_eq!(rig.server.log().connections, 1);
}

#[tokio::test]
async fn nothing_is_left_of_a_call_that_ends() {
    for vendor in LiveVendor::ALL {
        let mut rig = Rig::new(vendor, vec![]).await;
        rig.turn(&["quero", "falar"]).await.unwrap();
        rig.server.until(|log| log.open == 1).await;
        drop(rig.listener);
        rig.server.until(|log| log.open == 0).await;
    }
}

#[test]
fn a_configuration_is_checked_before_any_call() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for vendor in LiveVendor::ALL {
        assert_eq!(LiveVendor::named(vendor.name()), Some(vendor));
        let without_key = LiveConfig::new(vendor, Access::new("engines.local.stt", vendor.url()));
        let error = LiveService::new(without_key).err().unwrap().to_string();
        assert!(error.contains("engines.local.stt.api_key is empty"), "{error}");
    }
}

/// The events of a whole conversation, for the official types.
async fn conversation(vendor: LiveVendor) -> Vec<(&'static str, Value)> {
    let mut rig = Rig::new(vendor, vec![]).await;
    rig.turn(&["quero", "falar"]).await.unwrap();
    if vendor == LiveVendor::Deepgram {
        rig.server.until(|log| !log.client("KeepAlive").is_empty()).await;
    }
    let Rig { server, listener, .. } = rig;
    drop(listener);
    let log = server.until(|log| log.open == 0).await;
    let events = log.events.iter().filter(|sent| sent.kind() != "connect");
    events
        .map(|sent| match sent.from {
            sim::transcription::live::Side::Client => ("client", sent.event.clone()),
            sim::transcription::live::Side::Server => ("server", sent.event.clone()),
        })
        .collect()
}
