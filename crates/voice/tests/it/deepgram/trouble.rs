//! What goes wrong, and that it harms nobody else.

use super::{config, connect, ready, start};
use crate::rig::{Rig, limited, setup};
use call::{EngineEvent, FailureKind};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use sim::deepgram::{Answer, Failure, Fault, Moment, Script, VoiceAgent};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use voice::deepgram::{Config, Deepgram};
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
    assert!(!message.contains("dg-"), "{message}");
    (kind, message)
}

#[tokio::test]
async fn an_upgrade_that_is_refused_is_told_before_there_is_a_session() {
    let server = VoiceAgent::start(Script::default()).await.unwrap();
    let wrong_key = Config {
        key: ApiKey::new("dg-wrong"),
        ..config(&server)
    };
    let error = connect(wrong_key, setup()).await.err().unwrap();
    assert_eq!(error.kind, FailureKind::Unauthorized);
    let says = error.message.contains("engines.deepgram.api_key") && !error.message.contains("dg-wrong");
    assert!(says, "{error}");

    for (status, kind) in [
        (402, FailureKind::Quota),
        (429, FailureKind::RateLimited),
        (503, FailureKind::Transient),
    ] {
        let body = String::new();
        let server = VoiceAgent::start(failing(Fault::Refuse { status, body }))
            .await
            .unwrap();
        let error = connect(config(&server), setup()).await.err().unwrap();
        assert_eq!(error.kind, kind, "{error}");
    }
}

#[tokio::test]
async fn errors_of_the_server_are_sorted_by_their_codes() {
    for (at, code, kind) in [
        (Moment::Settings, "INVALID_SETTINGS", FailureKind::Unsupported),
        (Moment::Answer, "FAILED_TO_THINK", FailureKind::Transient),
        (Moment::Answer, "INSUFFICIENT_FUNDS", FailureKind::Quota),
    ] {
        let script = Script {
            failure: Some(Failure {
                at,
                code: code.into(),
            }),
            ..Script::default()
        };
        let (told, message) = failure(script, |config| config).await;
        assert_eq!(told, kind, "{message}");
        assert!(message.contains(code), "{message}");
    }
}

#[tokio::test]
async fn a_warning_ends_nothing() {
    let script = Script {
        warning: Some("THINK_REQUEST_RETRIED".into()),
        ..Script::default()
    };
    let (_server, _, mut rig) = ready(script).await;
    rig.speak(300).await;
    rig.answer_done(1).await;
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
    assert!(rig.pcm.len() <= 8_000, "{} samples", rig.pcm.len());
}

#[tokio::test]
async fn a_server_that_stalls_holds_up_nobody() {
    let (_server, _, mut rig) = start(failing(Fault::Stall), quick).await;
    assert_eq!(rig.event().await, EngineEvent::Ready);
    let began = Instant::now();
    for part in vec![0; 8_000 * 60].chunks(160) {
        rig.session.hear(part);
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
    let good = Config::new(ApiKey::new("dg-sim"));
    assert!(Deepgram::new(good.clone()).is_ok());
    let refused = |config| Deepgram::new(config).err().unwrap();
    let no_key = Config {
        key: ApiKey::new(" \n"),
        ..good.clone()
    };
    assert!(matches!(refused(no_key), DoorError::Key { .. }));
    let no_url = Config {
        url: "https://agent.deepgram.com".into(),
        ..good
    };
    assert!(matches!(refused(no_url), DoorError::Url { .. }));
}

/// A server that says what is wrong and is gone, with the caller's audio unread.
async fn says_why_and_goes(listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    let say = |event: serde_json::Value| Message::text(event.to_string());
    socket
        .send(say(json!({"type": "Welcome", "request_id": "r"})))
        .await
        .unwrap();
    socket.next().await.unwrap().unwrap();
    socket
        .send(say(json!({"type": "SettingsApplied"})))
        .await
        .unwrap();
    socket.next().await.unwrap().unwrap();
    let error = json!({"type": "Error", "code": "FAILED_TO_THINK", "description": "d"});
    socket.send(say(error)).await.unwrap();
}

/// What is read or written first is the scheduler's choice, so it is tried often.
#[tokio::test]
async fn what_a_server_says_before_it_goes_is_read_although_nothing_can_be_written_to_it() {
    for _ in 0..40 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let there = Config {
            url: format!("ws://{}/", listener.local_addr().unwrap()),
            ..Config::new(ApiKey::new("dg-sim"))
        };
        let server = tokio::spawn(says_why_and_goes(listener));
        let (_engine, session) = connect(there, setup()).await.unwrap();
        let mut rig = Rig::new(session);
        assert_eq!(rig.event().await, EngineEvent::Ready);
        while !server.is_finished() {
            rig.session.hear(&[0; 160]);
            tokio::task::yield_now().await;
        }
        let (_, message) = rig.failure().await;
        assert!(message.contains("FAILED_TO_THINK"), "{message}");
    }
}
