//! What goes wrong, and that it harms nobody else.

use super::{config, connect, ready, start};
use crate::rig::{limited, setup};
use call::{EngineCommand, EngineEvent, FailureKind, TurnId};
use sim::gemini::{Answer, Fault, Live, Script};
use std::time::{Duration, Instant};
use voice::gemini::{Config, Gemini};
use voice::{ApiKey, DoorError};

fn failing(fault: Fault) -> Script {
    Script {
        fault: Some(fault),
        answers: vec![Answer::tone("Bom dia.", Duration::from_millis(600))],
        ..Script::default()
    }
}

fn quick(config: Config) -> Config {
    Config {
        connect_timeout: Duration::from_millis(600),
        silence_limit: Duration::from_millis(900),
        ..config
    }
}

/// How a session fails, after the caller has spoken.
async fn failure(script: Script, change: impl FnOnce(Config) -> Config) -> (FailureKind, String) {
    let (_server, _engine, mut rig) = start(script, change).await;
    rig.speak(300).await;
    let (kind, message) = rig.failure().await;
    assert!(message.contains("; "), "it has a remedy: {message}");
    assert!(!message.contains("gm-"), "{message}");
    (kind, message)
}

#[tokio::test]
async fn what_the_server_refuses_is_sorted_by_its_words() {
    let wrong_key = |config| Config {
        key: ApiKey::new("gm-wrong"),
        ..config
    };
    let (kind, message) = failure(Script::default(), wrong_key).await;
    assert_eq!(kind, FailureKind::Unauthorized);
    assert!(message.contains("engines.gemini.api_key"), "{message}");

    let wrong_model = |config| Config {
        model: "gemini-nothing".into(),
        name: "gemini-2".into(),
        ..config
    };
    let (kind, message) = failure(Script::default(), wrong_model).await;
    assert_eq!(kind, FailureKind::Unsupported);
    assert!(
        message.contains("gemini-nothing is not found") && message.contains("[engines.gemini-2]"),
        "{message}"
    );

    for (code, reason, kind) in [
        (
            1011,
            "You exceeded your current quota, please check your plan and billing details.",
            FailureKind::Quota,
        ),
        (1008, "Requests per minute exceeded.", FailureKind::RateLimited),
        (1011, "Internal error encountered.", FailureKind::Transient),
    ] {
        let fault = Fault::CloseAtOnce {
            code,
            reason: reason.into(),
        };
        assert_eq!(failure(failing(fault), |config| config).await.0, kind, "{reason}");
    }
}

#[tokio::test]
async fn an_upgrade_that_is_refused_is_told_before_there_is_a_session() {
    for (status, kind) in [
        (403, FailureKind::Unauthorized),
        (429, FailureKind::RateLimited),
        (503, FailureKind::Transient),
    ] {
        let body = String::new();
        let server = Live::start(failing(Fault::Refuse { status, body }))
            .await
            .unwrap();
        let error = connect(config(&server), setup()).await.err().unwrap();
        assert_eq!(error.kind, kind, "{error}");
    }
}

#[tokio::test]
async fn each_fault_has_its_kind() {
    for (fault, kind) in [
        (Fault::Hang, FailureKind::Transient),
        (Fault::CloseMidAnswer(1011), FailureKind::Transient),
        (Fault::BreakMidAnswer, FailureKind::Transient),
        (Fault::Malformed, FailureKind::Protocol),
        (Fault::WrongFormat, FailureKind::Protocol),
        (Fault::Stall, FailureKind::Transient),
    ] {
        let (told, message) = failure(failing(fault.clone()), quick).await;
        assert_eq!(told, kind, "{fault:?}: {message}");
    }
}

#[tokio::test]
async fn a_rate_that_is_not_the_apis_is_refused_with_both() {
    let (_, message) = failure(failing(Fault::WrongFormat), |config| config).await;
    assert!(message.contains("16000 Hz where 24000 Hz"), "{message}");
}

#[tokio::test]
async fn a_flood_of_audio_is_cut_where_no_more_may_wait() {
    let small = |config| Config {
        hold: Duration::from_secs(1),
        ..config
    };
    let (_server, engine, mut rig) = start(failing(Fault::Flood), small).await;
    assert_eq!(rig.event().await, EngineEvent::Ready);
    rig.speak(300).await;
    limited(async {
        while engine.overflows() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    rig.answer_done(1).await;
    assert!(rig.pcm.len() <= 24_000, "{} samples", rig.pcm.len());
}

#[tokio::test]
async fn a_server_that_stalls_holds_up_nobody() {
    let (_server, _, mut rig) = start(failing(Fault::Stall), quick).await;
    assert_eq!(rig.event().await, EngineEvent::Ready);
    let began = Instant::now();
    for part in vec![0; 8_000 * 60].chunks(160) {
        rig.session.hear(part);
    }
    for turn in 1..50 {
        rig.tell(EngineCommand::TurnStarted { turn: TurnId(turn) });
    }
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert!(rig.session.dropped_ms() >= 50_000, "{}", rig.session.dropped_ms());
    assert_eq!(rig.failure().await.0, FailureKind::Transient);
}

#[tokio::test]
async fn dropping_the_session_closes_the_socket_and_ends_its_task() {
    let (server, engine, rig) = ready(Script::default()).await;
    assert_eq!(engine.live_sessions(), 1);
    drop(rig);
    limited(server.until(|log| log.open == 0)).await;
    limited(async {
        while engine.live_sessions() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_once() {
    let good = Config::new(ApiKey::new("gm-sim"));
    assert!(Gemini::new(good.clone()).is_ok());
    let refused = |config| Gemini::new(config).err().unwrap();
    let no_key = Config {
        key: ApiKey::new(" \n"),
        ..good.clone()
    };
    assert!(matches!(refused(no_key), DoorError::Key { .. }));
    let no_url = Config {
        url: "https://generativelanguage.googleapis.com".into(),
        ..good
    };
    assert!(matches!(refused(no_url), DoorError::Url { .. }));
}

#[tokio::test]
async fn nobody_there_is_transient_and_says_what_to_check() {
    let server = Live::start(Script::default()).await.unwrap();
    let secure = Config {
        url: server.url().replace("ws://", "wss://"),
        ..config(&server)
    };
    let error = connect(secure, setup()).await.err().unwrap();
    assert_eq!(error.kind, FailureKind::Transient);
    assert!(error.message.contains("engines.gemini.url"), "{error}");
}
