//! What goes wrong, and that it harms nobody else.

use super::{Rig, config, connect, limited};
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, TurnId};
use sim::openai::{Answer, Fault, Moment, Realtime, Script};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use voice::ApiKey;
use voice::ConnectError;
use voice::openai::{Config, ConfigError, OpenAi};

fn failing(fault: Fault) -> Script {
    let answers = vec![Answer::tone("Bom dia.", Duration::from_millis(600))];
    Script {
        fault: Some(fault),
        answers,
        ..Script::default()
    }
}

async fn refused(script: Script, change: impl FnOnce(Config) -> Config) -> ConnectError {
    let server = Realtime::start(script).await.unwrap();
    match connect(change(config(&server))).await {
        Ok(_) => panic!("it must not connect"),
        Err(error) => error,
    }
}

/// How the session of a failing server fails, after a response was asked for.
async fn failure(fault: Fault) -> FailureKind {
    let mut rig = Rig::start(failing(fault)).await;
    rig.tell(EngineCommand::Respond { turn: TurnId(1) });
    match rig.until(|e| matches!(e, EngineEvent::Failed { .. })).await.pop() {
        Some(EngineEvent::Failed { kind, message }) => {
            assert!(message.contains("; "), "it has a remedy: {message}");
            assert!(!message.contains("sk-"), "{message}");
            kind
        }
        other => panic!("{other:?}"),
    }
}

fn error(at: Moment, kind: &str, code: &str) -> Fault {
    Fault::Error {
        at,
        kind: kind.into(),
        code: code.into(),
    }
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_model_are_told_apart() {
    let wrong_key = |config| Config {
        key: ApiKey::new("sk-wrong-key"),
        ..config
    };
    let error = refused(Script::default(), wrong_key).await;
    assert_eq!(error.kind, FailureKind::Unauthorized);
    assert!(
        error.message.contains("openai.api_key") && !error.message.contains("sk-wrong"),
        "{error}"
    );

    let wrong_model = |config| Config {
        model: "gpt-nothing".into(),
        ..config
    };
    let error = refused(Script::default(), wrong_model).await;
    assert_eq!(error.kind, FailureKind::Unsupported);
    assert!(error.message.contains("model_not_found"), "{error}");
}

#[tokio::test]
async fn refusals_of_the_upgrade_have_each_their_kind() {
    for (status, code, kind) in [
        (
            403,
            "unsupported_country_region_territory",
            FailureKind::Unauthorized,
        ),
        (429, "insufficient_quota", FailureKind::Quota),
        (429, "rate_limit_exceeded", FailureKind::RateLimited),
        (503, "overloaded", FailureKind::Transient),
    ] {
        let refusal = Fault::Refuse {
            status,
            code: code.into(),
        };
        assert_eq!(
            refused(failing(refusal), |config| config).await.kind,
            kind,
            "{status} {code}"
        );
    }
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_transient() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = silent.local_addr().unwrap();
    let base = Config {
        url: format!("ws://{address}/v1/realtime"),
        connect_timeout: Duration::from_millis(100),
        ..Config::new(ApiKey::new("sk-sim"))
    };
    let error = connect(base.clone()).await.err().unwrap();
    assert_eq!(error.kind, FailureKind::Transient);
    assert!(error.message.contains("no answer within 100 ms"), "{error}");

    drop(silent);
    let error = connect(base).await.err().unwrap();
    assert_eq!(error.kind, FailureKind::Transient);
    assert!(error.message.contains("openai.url"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_where_it_should_have_it_is_told_without_a_panic() {
    let server = Realtime::start(Script::default()).await.unwrap();
    let secure = Config {
        url: server.url().replace("ws://", "wss://"),
        ..config(&server)
    };
    let error = connect(secure).await.err().unwrap();
    assert_eq!(error.kind, FailureKind::Transient);
    assert!(error.message.contains("cannot be reached"), "{error}");
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_once() {
    let good = Config::new(ApiKey::new("sk-sim"));
    assert!(OpenAi::new(good.clone()).is_ok());
    let refused = |config| OpenAi::new(config).err().unwrap();
    let key = |key| Config {
        key: ApiKey::new(key),
        ..good.clone()
    };
    for key in [key(" \n"), key("sk-\u{7}")] {
        let error = refused(key);
        assert!(
            matches!(&error, ConfigError::Key { table } if table == "engines.openai"),
            "{error}"
        );
    }
    let url = refused(Config {
        url: "http://h".into(),
        ..good.clone()
    });
    assert!(matches!(url, ConfigError::Url { .. }));
    let model = refused(Config {
        model: "a b".into(),
        ..good
    });
    assert!(matches!(model, ConfigError::Model { .. }));
}

#[tokio::test]
async fn failures_within_a_session_have_each_their_kind() {
    let unauthorized = error(Moment::Greeting, "invalid_request_error", "invalid_api_key");
    assert_eq!(failure(unauthorized).await, FailureKind::Unauthorized);
    let voice = error(Moment::Configuration, "invalid_request_error", "invalid_value");
    assert_eq!(failure(voice).await, FailureKind::Unsupported);
    let expired = error(Moment::Answer, "invalid_request_error", "session_expired");
    assert_eq!(failure(expired).await, FailureKind::Expired);
    let quota = Fault::FailedAnswer {
        kind: "insufficient_quota".into(),
        code: "insufficient_quota".into(),
    };
    assert_eq!(failure(quota).await, FailureKind::Quota);
    assert_eq!(failure(Fault::Malformed).await, FailureKind::Protocol);
}

#[tokio::test]
async fn a_connection_that_is_closed_mid_answer_gives_what_came_and_then_fails_for_good() {
    let mut rig = Rig::ready(failing(Fault::CloseMidAnswer(1011))).await;
    rig.tell(EngineCommand::Respond { turn: TurnId(1) });
    let events = rig.until(|e| matches!(e, EngineEvent::Failed { .. })).await;
    assert!(matches!(
        events.last(),
        Some(EngineEvent::Failed {
            kind: FailureKind::Transient,
            ..
        })
    ));
    assert_eq!(rig.pcm.len(), 200 * 24, "the audio before the end");

    rig.session.hear(&[0; 480]);
    rig.tell(EngineCommand::Respond { turn: TurnId(2) });
    let waker = futures_util::task::noop_waker();
    let next = rig
        .session
        .poll_event(&mut std::task::Context::from_waker(&waker), &mut rig.pcm);
    assert!(next.is_pending(), "nothing follows");
}

#[tokio::test]
async fn dropping_the_session_closes_the_socket_and_ends_its_task() {
    let rig = Rig::ready(Script::default()).await;
    assert_eq!(rig.engine.live_sessions(), 1);
    drop(rig.session);
    limited(rig.server.until(|log| log.open == 0)).await;
    limited(async {
        while rig.engine.live_sessions() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_stalls_holds_up_nobody_and_is_given_up() {
    let quick = |config| Config {
        silence_limit: Duration::from_millis(600),
        ..config
    };
    let mut rig = Rig::start_with(failing(Fault::Stall), quick).await;
    assert_eq!(rig.event().await, EngineEvent::Ready);
    let minute = vec![0; 24_000 * 60];
    let began = Instant::now();
    for part in minute.chunks(480) {
        rig.session.hear(part);
    }
    for turn in 1..50 {
        rig.tell(EngineCommand::Respond { turn: TurnId(turn) });
    }
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert!(rig.session.dropped_ms() >= 50_000, "{}", rig.session.dropped_ms());
    let failed = rig.event().await;
    assert!(
        matches!(
            &failed,
            EngineEvent::Failed {
                kind: FailureKind::Transient,
                ..
            }
        ),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_flood_of_commands_ends_the_session_and_never_waits() {
    let mut rig = Rig::ready(failing(Fault::Stall)).await;
    for turn in 0..2_000 {
        rig.tell(EngineCommand::Respond { turn: TurnId(turn) });
    }
    let failed = rig.event().await;
    assert!(
        matches!(
            &failed,
            EngineEvent::Failed {
                kind: FailureKind::Transient,
                ..
            }
        ),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_answer_beyond_what_may_wait_is_cancelled_counted_and_done() {
    let answers = vec![Answer::tone("Sem fim.", Duration::from_secs(3)).held()];
    let small = |config| Config {
        hold: Duration::from_secs(1),
        ..config
    };
    let mut rig = Rig::start_with(
        Script {
            answers,
            ..Script::default()
        },
        small,
    )
    .await;
    assert_eq!(rig.event().await, EngineEvent::Ready);
    rig.tell(EngineCommand::Respond { turn: TurnId(1) });
    limited(rig.server.until(|log| !log.server("response.done").is_empty())).await;
    rig.answer_done(1).await;
    assert_eq!(rig.pcm.len(), 24_000);
    assert_eq!(rig.engine.overflows(), 1);
    let log = rig.server.log();
    assert_eq!(log.server("response.done")[0]["response"]["status"], "cancelled");

    rig.tell(EngineCommand::Respond { turn: TurnId(2) });
    assert_eq!(rig.answer_done(2).await.len(), 3, "a new answer is whole again");
    let _ = AnswerId(2);
}
