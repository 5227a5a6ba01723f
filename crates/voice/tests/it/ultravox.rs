//! The Ultravox adapter against a stand-in for the API, over a real socket.

use crate::conversation::{Caller, answers, heard, limited, setup, whole};
use audio::SampleRate;
use call::{Cause, Digit, EngineCommand, EngineEvent, FailureKind, Role, TurnId};
use sim::ultravox::{Answer, Calls, Fault, Script};
use std::time::Duration;
use voice::ultravox::{Config, ConfigError, Ultravox};
use voice::{ApiKey, Exchange};

fn config(server: &Calls) -> Config {
    Config {
        url: server.url(),
        ..Config::new(ApiKey::new("uv-sim"))
    }
}

fn talkative() -> Script {
    Script {
        heard: heard(),
        answers: answers(),
        ..Script::default()
    }
}

async fn start(script: Script) -> (Calls, Caller) {
    let server = Calls::start(script).await.unwrap();
    let engine = Ultravox::new(config(&server)).unwrap();
    let caller = Caller::connect(&engine).await.unwrap();
    (server, caller)
}

async fn refused(script: Script, change: impl FnOnce(Config) -> Config) -> (FailureKind, String) {
    let server = Calls::start(script).await.unwrap();
    let engine = Ultravox::new(change(config(&server))).unwrap();
    let error = Caller::connect(&engine).await.err().unwrap();
    assert!(!error.message.contains("uv-"), "{error}");
    (error.kind, error.message)
}

fn failing(fault: Fault) -> Script {
    Script {
        fault: Some(fault),
        answers: vec![Answer::tone("Bom dia.", Duration::from_millis(600))],
        ..Script::default()
    }
}

async fn failure(fault: Fault) -> FailureKind {
    let (_server, mut caller) = start(failing(fault)).await;
    caller.ready().await;
    caller.speak().await;
    match caller
        .until(|e| matches!(e, EngineEvent::Failed { .. }))
        .await
        .pop()
    {
        Some(EngineEvent::Failed { kind, message }) => {
            assert!(message.contains("; "), "it has a remedy: {message}");
            kind
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_whole_conversation_at_the_rate_of_the_leg() {
    let (server, mut caller) = start(talkative()).await;
    assert_eq!(caller.session.input_rate(), SampleRate::HZ_8000);
    assert_eq!(caller.session.output_rate(), SampleRate::HZ_8000);
    whole(&mut caller).await;
    let log = server.log();
    let call = log.client("POST /api/calls")[0];
    assert_eq!(call["languageHint"], "pt-BR");
    assert_eq!(call["maxDuration"], "3600s");
    assert_eq!(
        call["firstSpeakerSettings"],
        serde_json::json!({"user": {}}),
        "the call greets"
    );
    let tool = &call["selectedTools"][1]["temporaryTool"];
    assert_eq!(tool["modelToolName"], "transfer_call");
    assert_eq!(tool["dynamicParameters"][0]["name"], "destination");
    assert_eq!(tool["dynamicParameters"][0]["required"], true);
    let results = log.client("client_tool_result");
    assert_eq!(results[0]["result"], "{\"available\":true}");
    assert_eq!(results[1]["errorType"], "implementation-error");
}

#[tokio::test]
async fn a_call_that_goes_on_is_told_what_was_said_and_asked_what_was_not_answered() {
    let server = Calls::start(Script::default()).await.unwrap();
    let engine = Ultravox::new(config(&server)).unwrap();
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
    let mut caller = Caller::connect_with(&engine, setup).await.unwrap();
    caller.ready().await;
    caller.session.ask(TurnId(3), "Ela está?".into());
    let started = caller
        .until(|e| matches!(e, EngineEvent::AnswerStarted { .. }))
        .await;
    let wanted = Cause::Turn(TurnId(3));
    assert!(matches!(started.last(), Some(EngineEvent::AnswerStarted { cause, .. }) if *cause == wanted));
    let log = server.log();
    let said = &log.client("POST /api/calls")[0]["initialMessages"];
    assert_eq!(said[0]["role"], "MESSAGE_ROLE_USER");
    assert_eq!(said[1]["text"], "Um momento.");
    assert_eq!(log.client("user_text_message")[0]["text"], "Ela está?");
}

#[tokio::test]
async fn a_key_is_answered() {
    let (server, mut caller) = start(Script::default()).await;
    caller.ready().await;
    caller.session.command(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    assert!(matches!(
        events[0],
        EngineEvent::AnswerStarted {
            cause: Cause::FollowUp,
            ..
        }
    ));
    let log = server.log();
    assert_eq!(
        log.client("user_text_message")[0]["text"],
        "The caller pressed key 5 on the phone."
    );
}

#[tokio::test]
async fn a_session_tells_before_its_end_that_it_ends() {
    let script = Script {
        longest: Duration::from_secs(50),
        ..Script::default()
    };
    let (_server, mut caller) = start(script).await;
    caller.ready().await;
    while caller.expiring.is_none() {
        caller.speak().await;
        caller
            .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
            .await;
    }
    let (within, resume) = caller.expiring.take().unwrap();
    assert!(
        within <= Duration::from_secs(50) && resume.is_none(),
        "{within:?} {resume:?}"
    );
}

#[tokio::test]
async fn refusals_have_each_their_kind() {
    let wrong_key = |config| Config {
        key: ApiKey::new("uv-wrong"),
        ..config
    };
    let (kind, message) = refused(Script::default(), wrong_key).await;
    assert_eq!(kind, FailureKind::Unauthorized);
    assert!(message.contains("engines.ultravox.api_key"), "{message}");
    let no_voice = |config| Config {
        voice: "Nobody".into(),
        ..config
    };
    let (kind, message) = refused(Script::default(), no_voice).await;
    assert_eq!(kind, FailureKind::Unsupported);
    assert!(message.contains("voice"), "{message}");
    for (status, kind) in [
        (402, FailureKind::Quota),
        (429, FailureKind::RateLimited),
        (503, FailureKind::Transient),
    ] {
        let fault = Fault::Refuse {
            status,
            body: "{}".into(),
        };
        assert_eq!(refused(failing(fault), |config| config).await.0, kind, "{status}");
    }
    let (kind, message) = refused(failing(Fault::WrongFormat), |config| config).await;
    assert_eq!(kind, FailureKind::Protocol);
    assert!(message.contains("cannot be joined"), "{message}");
    let impatient = |config| Config {
        connect_timeout: Duration::from_millis(500),
        ..config
    };
    let (kind, message) = refused(failing(Fault::Hang), impatient).await;
    assert_eq!(kind, FailureKind::Transient);
    assert!(message.contains("within 500 ms"), "{message}");
}

#[tokio::test]
async fn failures_within_a_call_have_each_their_kind() {
    assert_eq!(failure(Fault::CloseMidAnswer(1011)).await, FailureKind::Transient);
    assert_eq!(failure(Fault::BreakMidAnswer).await, FailureKind::Transient);
    assert_eq!(failure(Fault::Malformed).await, FailureKind::Protocol);
}

#[tokio::test]
async fn a_stall_is_found_and_a_flood_is_bounded() {
    let server = Calls::start(failing(Fault::Stall)).await.unwrap();
    let impatient = Config {
        silence_limit: Duration::from_millis(600),
        ..config(&server)
    };
    let mut caller = Caller::connect(&Ultravox::new(impatient).unwrap()).await.unwrap();
    let failed = caller.until(|e| matches!(e, EngineEvent::Failed { .. })).await;
    assert!(matches!(
        failed.last(),
        Some(EngineEvent::Failed {
            kind: FailureKind::Transient,
            ..
        })
    ));

    let server = Calls::start(failing(Fault::Flood)).await.unwrap();
    let small = Config {
        hold: Duration::from_secs(20),
        ..config(&server)
    };
    let mut caller = Caller::connect(&Ultravox::new(small).unwrap()).await.unwrap();
    caller.ready().await;
    caller.speak().await;
    // Nobody polls while all of it comes: a task that waited would not read it.
    limited(server.until(|log| log.spoken_bytes == 330 * 8_000 * 2)).await;
    caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    assert!(caller.pcm.len() <= 20 * 8_000);
    drop(caller);
    limited(server.until(|log| log.open == 0)).await;
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_once() {
    let good = Config::new(ApiKey::new("uv-sim"));
    assert!(Ultravox::new(good.clone()).is_ok());
    let refused = |config| Ultravox::new(config).err().unwrap();
    let model = refused(Config {
        model: String::new(),
        ..good.clone()
    });
    assert!(matches!(model, ConfigError::Model(_)));
    let key = refused(Config {
        key: ApiKey::new(""),
        ..good
    });
    assert!(matches!(key, ConfigError::Service(_)));
}
