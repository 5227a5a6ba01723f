//! The end of a connection, and what the next one knows.

use super::{config, connect};
use crate::rig::{Rig, continued, limited, setup, text_of};
use call::{Cause, EngineEvent, FailureKind, Role, TurnId};
use serde_json::json;
use sim::gemini::{Answer, Leaving, Live, Resumption, Script, Side};
use std::time::Duration;
use voice::Setup;

const LEFT: Duration = Duration::from_millis(9_500);

fn leaving(resumption: Resumption) -> Script {
    Script {
        answers: vec![
            Answer::tone("Primeira.", Duration::from_millis(200)),
            Answer::tone("Segunda.", Duration::from_millis(200)),
        ],
        leaves: Some(Leaving {
            answers: 1,
            time_left: LEFT,
        }),
        resumption,
        ..Script::default()
    }
}

/// A server whose connection is about to end, and the handle for the next.
async fn about_to_end(resumption: Resumption) -> (Live, String) {
    let server = Live::start(leaving(resumption)).await.unwrap();
    let (_engine, session) = connect(config(&server), setup()).await.unwrap();
    let mut rig = Rig::new(session);
    rig.speak(300).await;
    while rig.expiring.is_none() {
        rig.next().await;
    }
    let (within, handle) = rig.expiring.unwrap();
    assert_eq!(within, LEFT);
    (server, handle.expect("the server gave one"))
}

#[tokio::test]
async fn a_connection_that_ends_says_so_and_the_next_goes_on_where_it_was() {
    let (server, handle) = about_to_end(Resumption::Works).await;
    let resumed = Setup {
        resume: Some(handle.clone()),
        ..continued()
    };
    let (_engine, session) = connect(config(&server), resumed).await.unwrap();
    let mut rig = Rig::new(session);
    assert_eq!(rig.event().await, EngineEvent::Ready);
    rig.speak(300).await;
    assert_eq!(text_of(&rig.answer_done(1).await), "Segunda.");
    let log = server.log();
    assert_eq!(
        log.having(Side::Client, "/setup")[1]["sessionResumption"]["handle"],
        *handle
    );
    assert!(
        log.having(Side::Client, "/clientContent").is_empty(),
        "the server remembers by itself"
    );
}

#[tokio::test]
async fn a_session_that_is_not_taken_up_again_says_that_another_may_be() {
    let (server, handle) = about_to_end(Resumption::Fails).await;
    let resumed = Setup {
        resume: Some(handle),
        ..continued()
    };
    let (_engine, session) = connect(config(&server), resumed).await.unwrap();
    let (kind, message) = Rig::new(session).failure().await;
    assert_eq!(kind, FailureKind::Expired, "{message}");
}

#[tokio::test]
async fn a_new_session_is_told_what_was_said_and_answers_what_it_is_asked() {
    let server = Live::start(Script::default()).await.unwrap();
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
    assert_eq!(
        log.having(Side::Client, "/setup/historyConfig/initialHistoryInClientContent"),
        [&json!(true)]
    );
    let told = log.having(Side::Client, "/clientContent")[0];
    assert_eq!(told["turnComplete"], true);
    for (turn, exchange) in told["turns"]
        .as_array()
        .unwrap()
        .iter()
        .zip(continued().history.iter())
    {
        let role = if exchange.role == Role::User {
            "user"
        } else {
            "model"
        };
        assert_eq!(*turn, json!({"role": role, "parts": [{"text": exchange.text}]}));
    }
    assert_eq!(
        log.having(Side::Client, "/realtimeInput/text"),
        [&json!("Qual é o horário?")]
    );
}

#[tokio::test]
async fn a_connection_that_never_says_it_ends_is_renewed_all_the_same() {
    let server = Live::start(Script::default()).await.unwrap();
    let soon = voice::gemini::Config {
        renewal: Duration::from_millis(10),
        ..config(&server)
    };
    let (_engine, session) = connect(soon, setup()).await.unwrap();
    let mut rig = Rig::new(session);
    limited(async {
        while rig.expiring.is_none() {
            rig.next().await;
        }
    })
    .await;
}
