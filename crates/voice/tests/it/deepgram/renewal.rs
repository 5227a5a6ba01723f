//! What keeps a session alive, its end, and what the next one knows.

use super::{config, connect, start};
use crate::rig::{Rig, continued, limited, setup};
use call::{Cause, EngineEvent, FailureKind, Role, TurnId};
use serde_json::json;
use sim::deepgram::{Script, VoiceAgent};
use std::time::Duration;
use voice::deepgram::Config;

#[tokio::test]
async fn a_session_in_which_nobody_speaks_is_kept_alive() {
    let often = |config| Config {
        keepalive: Duration::from_millis(100),
        ..config
    };
    let (server, _, mut rig) = start(Script::default(), often).await;
    assert_eq!(rig.event().await, EngineEvent::Ready);
    limited(server.until(|log| log.client("KeepAlive").len() >= 2)).await;
}

#[tokio::test]
async fn the_server_ends_a_session_that_is_not() {
    let script = Script {
        patience: Duration::from_millis(300),
        ..Script::default()
    };
    let (_server, _, mut rig) = start(script, |config| config).await;
    let (kind, message) = rig.failure().await;
    assert_eq!(kind, FailureKind::Transient);
    assert!(message.contains("CLIENT_MESSAGE_TIMEOUT"), "{message}");
}

#[tokio::test]
async fn a_session_that_is_about_to_end_says_so_in_time() {
    let server = VoiceAgent::start(Script::default()).await.unwrap();
    let limit = Duration::from_secs(600);
    let short = Config {
        session_limit: limit,
        renewal: limit - Duration::from_millis(1),
        ..config(&server)
    };
    let (_engine, session) = connect(short, setup()).await.unwrap();
    let mut rig = Rig::new(session);
    limited(async {
        while rig.expiring.is_none() {
            rig.next().await;
        }
    })
    .await;
    let (within, resume) = rig.expiring.unwrap();
    assert!(within < limit && within > limit / 2, "{within:?}");
    assert_eq!(resume, None, "no session is taken up again");
}

#[tokio::test]
async fn a_new_session_is_told_what_was_said_and_answers_what_it_is_asked() {
    let server = VoiceAgent::start(Script::default()).await.unwrap();
    let (_engine, session) = connect(config(&server), continued()).await.unwrap();
    let mut rig = Rig::new(session);
    assert_eq!(rig.event().await, EngineEvent::Ready);
    rig.session.ask(TurnId(7), "Qual é o horário?".into());
    let first = rig.answer_done(1).await.remove(0);
    let cause = Cause::Turn(TurnId(7));
    assert!(
        matches!(first, EngineEvent::AnswerStarted { cause: c, .. } if c == cause),
        "{first:?}"
    );

    let log = server.log();
    let told = &log.client("Settings")[0]["agent"]["context"]["messages"];
    for (message, exchange) in told.as_array().unwrap().iter().zip(continued().history.iter()) {
        let role = if exchange.role == Role::User {
            "user"
        } else {
            "assistant"
        };
        assert_eq!(
            *message,
            json!({"type": "History", "role": role, "content": exchange.text})
        );
    }
    assert_eq!(log.client("InjectUserMessage")[0]["content"], "Qual é o horário?");
}
