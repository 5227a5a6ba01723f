//! The adapter of OpenAI Live against a stand-in for the API, over a real socket.

use crate::conversation::{Caller, answers, heard, limited, setup, whole};
use crate::official;
use audio::SampleRate;
use call::{Cause, Digit, EngineCommand, EngineEvent, FailureKind, Role, TurnId};
use sim::openai::live::{Answer, Fault, Script, Sent, Sessions, Side};
use std::time::Duration;
use voice::openai::live::{Config, Live};
use voice::{ApiKey, Exchange};

fn config(server: &Sessions) -> Config {
    Config {
        url: server.url(),
        ..Config::new(ApiKey::new("sk-sim"))
    }
}

fn talkative() -> Script {
    Script {
        heard: heard(),
        answers: answers(),
        ..Script::default()
    }
}

async fn start(script: Script) -> (Sessions, Caller) {
    let server = Sessions::start(script).await.unwrap();
    let caller = Caller::connect(&Live::new(config(&server)).unwrap())
        .await
        .unwrap();
    (server, caller)
}

fn failing(fault: Fault) -> Script {
    Script {
        fault: Some(fault),
        answers: vec![Answer::tone("Bom dia.", Duration::from_millis(600))],
        ..Script::default()
    }
}

/// How a session fails, spoken to or not.
async fn failure(fault: Fault, change: impl FnOnce(Config) -> Config) -> FailureKind {
    let server = Sessions::start(failing(fault)).await.unwrap();
    let engine = Live::new(change(config(&server))).unwrap();
    let mut caller = Caller::connect(&engine).await.unwrap();
    caller.speak().await;
    match caller
        .until(|e| matches!(e, EngineEvent::Failed { .. }))
        .await
        .pop()
    {
        Some(EngineEvent::Failed { kind, message }) => {
            assert!(message.contains("; ") && !message.contains("sk-"), "{message}");
            kind
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_whole_conversation() {
    let (server, mut caller) = start(talkative()).await;
    assert_eq!(caller.session.input_rate(), SampleRate::HZ_16000);
    assert_eq!(caller.session.output_rate(), SampleRate::HZ_16000);
    whole(&mut caller).await;
    caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    let log = server.log();
    assert_eq!(log.client("response.create").len(), 3);
    assert!(log.server("error").is_empty(), "{:?}", log.server("error"));
    let session = &log.client("session.start")[0]["session"];
    assert_eq!(
        session["delegation"]["responses"]["tools"][1]["name"],
        "transfer_call"
    );
    assert_eq!(
        log.client("response.item.create")[1]["item"]["output"],
        "{\"error\":\"no answer\"}"
    );
    assert!(caller.usage.session_ms > 0);
    assert_eq!(
        (caller.usage.text_in, caller.usage.text_cached),
        (30, 6),
        "of three delegations"
    );
}

#[tokio::test]
async fn a_call_that_goes_on_is_told_what_was_said_and_asked_what_was_not_answered() {
    let server = Sessions::start(Script::default()).await.unwrap();
    let mut setup = setup();
    setup.history = [
        Exchange {
            role: Role::User,
            text: "Quero falar com a Ana.".into(),
        },
        Exchange {
            role: Role::Assistant,
            text: "Um momento.".into(),
        },
    ]
    .into();
    let engine = Live::new(config(&server)).unwrap();
    let mut caller = Caller::connect_with(&engine, setup).await.unwrap();
    caller.ready().await;
    caller.session.ask(TurnId(3), "Ela está?".into());
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerStarted { .. }))
        .await;
    let wanted = Cause::Turn(TurnId(3));
    assert!(matches!(events.last(), Some(EngineEvent::AnswerStarted { cause, .. }) if *cause == wanted));
    let log = server.log();
    let input = &log.client("session.start")[0]["session"]["input"];
    assert_eq!(input[0]["role"], "user");
    assert_eq!(input[1]["content"][0]["text"], "Um momento.");
    assert!(
        log.client("session.instructions.append")[0]["content"]
            .to_string()
            .contains("Ela está?")
    );
}

#[tokio::test]
async fn a_session_tells_before_its_end_that_it_ends() {
    let short = Script {
        longest: Duration::from_secs(2),
        ..Script::default()
    };
    let (_server, mut caller) = start(short).await;
    caller.ready().await;
    while caller.expiring.is_none() {
        caller.speak().await;
        caller.until(|e| *e == EngineEvent::TurnEnded).await;
    }
    let (within, resume) = caller.expiring.take().unwrap();
    assert!(
        within < Duration::from_secs(2) && resume.is_none(),
        "{within:?} {resume:?}"
    );
}

#[tokio::test]
async fn failures_have_each_their_kind() {
    let refuse = |status, code: &str| Fault::Refuse {
        status,
        body: format!(r#"{{"error":{{"code":"{code}"}}}}"#),
    };
    for (fault, kind) in [
        (refuse(401, "invalid_api_key"), FailureKind::Unauthorized),
        (refuse(429, "insufficient_quota"), FailureKind::Quota),
        (refuse(503, "overloaded"), FailureKind::Transient),
    ] {
        let server = Sessions::start(failing(fault)).await.unwrap();
        let error = Caller::connect(&Live::new(config(&server)).unwrap())
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind, kind, "{error}");
    }
    let same = |config| config;
    assert_eq!(failure(Fault::WrongFormat, same).await, FailureKind::Unsupported);
    assert_eq!(
        failure(Fault::CloseMidAnswer(1011), same).await,
        FailureKind::Transient
    );
    assert_eq!(failure(Fault::BreakMidAnswer, same).await, FailureKind::Transient);
    assert_eq!(failure(Fault::Malformed, same).await, FailureKind::Protocol);
    let no_model = |config| Config {
        model: "gpt-nothing".into(),
        ..config
    };
    assert_eq!(failure(Fault::Flood, no_model).await, FailureKind::Unsupported);
    let impatient = |config| Config {
        connect_timeout: Duration::from_secs(2),
        silence_limit: Duration::from_millis(600),
        ..config
    };
    assert_eq!(failure(Fault::Hang, impatient).await, FailureKind::Transient);
    assert_eq!(failure(Fault::Stall, impatient).await, FailureKind::Transient);
}

#[tokio::test]
async fn a_flood_is_bounded() {
    let server = Sessions::start(failing(Fault::Flood)).await.unwrap();
    let small = Config {
        hold: Duration::from_secs(20),
        ..config(&server)
    };
    let mut caller = Caller::connect(&Live::new(small).unwrap()).await.unwrap();
    caller.ready().await;
    caller.speak().await;
    // Nobody polls while all of it comes: a task that waited would not read it.
    limited(server.until(|log| !log.server("session.usage.updated").is_empty())).await;
    caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    assert!(caller.pcm.len() <= 20 * 16_000);
    drop(caller);
    limited(server.until(|log| log.open == 0)).await;
}

#[tokio::test]
async fn every_event_is_one_of_the_official_package() {
    let Some(python) = official::python() else {
        return;
    };
    let (server, mut caller) = start(talkative()).await;
    whole(&mut caller).await;
    caller.session.command(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    let log = limited(server.until(|log| !log.client("session.instructions.append").is_empty())).await;
    let mut sent = log.events;
    let server = Sessions::start(failing(Fault::WrongFormat)).await.unwrap();
    let mut refused = Caller::connect(&Live::new(config(&server)).unwrap())
        .await
        .unwrap();
    refused.until(|e| matches!(e, EngineEvent::Failed { .. })).await;
    sent.extend(server.log().events);

    let lines = |sent: &[Sent]| -> String {
        sent.iter()
            .map(|one| serde_json::to_string(one).unwrap() + "\n")
            .collect()
    };
    let output = official::validate(&python, "validate_openai_live.py", &lines(&sent));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let count = format!("{} events checked, 0 failures\n", sent.len());
    assert_eq!(String::from_utf8_lossy(&output.stdout), count);

    let wrong = [
        (Side::Client, serde_json::json!({"type": "session.begin"})),
        (
            Side::Client,
            serde_json::json!({"type": "session.start", "session": {"model": "gpt-live-1", "voice": "marin"}}),
        ),
        (
            Side::Server,
            serde_json::json!({"type": "session.started", "session": {}}),
        ),
    ];
    let wrong = wrong.map(|(from, event)| Sent { from, event });
    let output = official::validate(&python, "validate_openai_live.py", &lines(&wrong));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr).lines().count(),
        wrong.len()
    );
}
