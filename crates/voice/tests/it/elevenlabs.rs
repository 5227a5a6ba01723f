//! The ElevenLabs adapter against a stand-in for the API, over a real socket.

use crate::conversation::{Caller, answers, heard, limited, setup, whole};
use crate::official;
use audio::SampleRate;
use call::{Digit, EngineCommand, EngineEvent, FailureKind, Role, TurnId};
use sim::elevenlabs::{Agents, Answer, Completion, Fault, Override as Allowed, Script};
use std::time::Duration;
use voice::elevenlabs::{Config, ConfigError, ElevenLabs, Override};
use voice::{ApiKey, Exchange};

fn config(server: &Agents) -> Config {
    Config {
        url: server.url(),
        key: Some(ApiKey::new("xi-sim")),
        ..Config::new("agent_sim")
    }
}

fn talkative() -> Script {
    Script {
        heard: heard(),
        answers: answers(),
        ..Script::default()
    }
}

async fn start(script: Script) -> (Agents, Caller) {
    let server = Agents::start(script).await.unwrap();
    let engine = ElevenLabs::new(config(&server)).unwrap();
    let caller = Caller::connect(&engine).await.unwrap();
    (server, caller)
}

/// How connecting fails.
async fn refused(script: Script, change: impl FnOnce(Config) -> Config) -> (FailureKind, String) {
    let server = Agents::start(script).await.unwrap();
    let engine = ElevenLabs::new(change(config(&server))).unwrap();
    let error = Caller::connect(&engine).await.err().unwrap();
    assert!(!error.message.contains("xi-"), "{error}");
    (error.kind, error.message)
}

fn failing(fault: Fault) -> Script {
    Script {
        fault: Some(fault),
        answers: vec![Answer::tone("Bom dia.", Duration::from_millis(600))],
        ..Script::default()
    }
}

/// How a session fails once the caller has spoken.
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
async fn a_whole_conversation_with_a_private_agent() {
    let private = Script {
        private: true,
        ..talkative()
    };
    let (server, mut caller) = start(private).await;
    whole(&mut caller).await;
    let log = server.log();
    assert_eq!(log.client("get-signed-url").len(), 1);
    let begun = &log.client("conversation_initiation_client_data")[0]["conversation_config_override"];
    assert_eq!(begun["agent"]["first_message"], "", "the call greets");
    assert_eq!(begun["agent"]["language"], "pt");
    let prompt = begun["agent"]["prompt"]["prompt"].as_str().unwrap();
    assert!(
        prompt.contains("Você é a Clara") && prompt.contains("Bom dia!"),
        "{prompt}"
    );
    assert_eq!(log.client("pong").len(), log.server("ping").len());
    assert_eq!(log.client("client_tool_result")[1]["is_error"], true);
}

#[tokio::test]
async fn a_whole_conversation_in_the_formats_of_a_phone_line() {
    let telephony = Script {
        input_format: "ulaw_8000".into(),
        output_format: "ulaw_8000".into(),
        ..talkative()
    };
    let (_server, mut caller) = start(telephony).await;
    assert_eq!(caller.session.input_rate(), SampleRate::HZ_8000);
    assert_eq!(caller.session.output_rate(), SampleRate::HZ_8000);
    whole(&mut caller).await;
}

#[tokio::test]
async fn formats_may_differ_and_an_agent_may_not_tell_that_an_answer_is_complete() {
    let script = Script {
        output_format: "pcm_24000".into(),
        completion: Completion::Untold,
        ..talkative()
    };
    let (_server, mut caller) = start(script).await;
    assert_eq!(caller.session.input_rate(), SampleRate::HZ_16000);
    assert_eq!(caller.session.output_rate(), SampleRate::HZ_24000);
    whole(&mut caller).await;
}

#[tokio::test]
async fn a_public_agent_needs_no_key() {
    let server = Agents::start(talkative()).await.unwrap();
    let public = Config {
        key: None,
        ..config(&server)
    };
    let mut caller = Caller::connect(&ElevenLabs::new(public).unwrap()).await.unwrap();
    whole(&mut caller).await;
    assert!(server.log().client("get-signed-url").is_empty());

    let private = Script {
        private: true,
        ..Script::default()
    };
    let (kind, message) = refused(private, |config| Config { key: None, ..config }).await;
    assert_eq!(kind, FailureKind::Unauthorized);
    assert!(message.contains("engines.elevenlabs.api_key"), "{message}");
}

#[tokio::test]
async fn what_the_agent_does_not_let_be_set_is_named_and_can_be_left_out() {
    let strict = || Script {
        allows: Vec::new(),
        ..talkative()
    };
    let (kind, message) = refused(strict(), |config| config).await;
    assert_eq!(kind, FailureKind::Unsupported);
    assert!(
        message.contains("'prompt'") && message.contains("engines.elevenlabs.overrides"),
        "{message}"
    );
    let voiceless = Script {
        allows: vec![Allowed::Prompt, Allowed::FirstMessage, Allowed::Language],
        ..talkative()
    };
    let with_voice = |config: Config| Config {
        voice: "voice_sim".into(),
        overrides: vec![Override::Voice],
        ..config
    };
    assert!(refused(voiceless, with_voice).await.1.contains("'voice_id'"));

    let server = Agents::start(strict()).await.unwrap();
    let modest = Config {
        overrides: Vec::new(),
        ..config(&server)
    };
    let mut caller = Caller::connect(&ElevenLabs::new(modest).unwrap()).await.unwrap();
    whole(&mut caller).await;
    let told = &server.log().client("contextual_update")[0]["text"].to_string();
    assert!(told.contains("Bom dia!"), "{told}");
}

#[tokio::test]
async fn a_call_that_goes_on_is_told_what_was_said_and_asked_what_was_not_answered() {
    let server = Agents::start(Script::default()).await.unwrap();
    let engine = ElevenLabs::new(config(&server)).unwrap();
    let said = |role, text: &str| Exchange {
        role,
        text: text.into(),
    };
    let mut setup = setup();
    setup.history = [
        said(Role::User, "Quero falar com a Ana."),
        said(Role::Assistant, "Um momento."),
    ]
    .into();
    let mut caller = Caller::connect_with(&engine, setup).await.unwrap();
    caller.ready().await;
    caller.session.ask(TurnId(3), "Ela está?".into());
    let started = caller
        .until(|e| matches!(e, EngineEvent::AnswerStarted { .. }))
        .await;
    let cause = call::Cause::Turn(TurnId(3));
    assert!(matches!(started.last(), Some(EngineEvent::AnswerStarted { cause: c, .. }) if *c == cause));
    let log = server.log();
    let begun = log.client("conversation_initiation_client_data")[0];
    let prompt = begun["conversation_config_override"]["agent"]["prompt"]["prompt"]
        .as_str()
        .unwrap();
    assert!(
        prompt.contains("Caller: Quero falar com a Ana.\nYou: Um momento."),
        "{prompt}"
    );
    assert_eq!(log.client("user_message")[0]["text"], "Ela está?");
}

#[tokio::test]
async fn a_key_is_answered() {
    let (server, mut caller) = start(Script::default()).await;
    caller.ready().await;
    caller.session.command(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    let log = server.log();
    assert_eq!(
        log.client("user_message")[0]["text"],
        "The caller pressed key 5 on the phone."
    );
}

#[tokio::test]
async fn a_session_tells_before_its_end_that_it_ends() {
    let server = Agents::start(Script::default()).await.unwrap();
    let short = Config {
        longest: Duration::from_secs(40),
        ..config(&server)
    };
    let mut caller = Caller::connect(&ElevenLabs::new(short).unwrap()).await.unwrap();
    caller.ready().await;
    while caller.expiring.is_none() {
        caller.speak().await;
        caller
            .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
            .await;
    }
    let (within, resume) = caller.expiring.take().unwrap();
    assert!(
        within <= Duration::from_secs(40) && resume.is_none(),
        "{within:?} {resume:?}"
    );
}

#[tokio::test]
async fn refusals_have_each_their_kind() {
    let wrong_key = |config| Config {
        key: Some(ApiKey::new("xi-wrong")),
        ..config
    };
    assert_eq!(
        refused(Script::default(), wrong_key).await.0,
        FailureKind::Unauthorized
    );
    let no_agent = |config| Config {
        agent: "agent_nobody".into(),
        ..config
    };
    assert_eq!(
        refused(Script::default(), no_agent).await.0,
        FailureKind::Unsupported
    );
    let body = |status: &str| format!(r#"{{"detail":{{"status":"{status}","message":"no"}}}}"#);
    for (status, body, kind) in [
        (401, body("quota_exceeded"), FailureKind::Quota),
        (
            429,
            body("too_many_concurrent_requests"),
            FailureKind::RateLimited,
        ),
        (503, String::new(), FailureKind::Transient),
    ] {
        let fault = Fault::Refuse { status, body };
        assert_eq!(refused(failing(fault), |config| config).await.0, kind, "{status}");
    }
    let quota = Fault::CloseAtOnce {
        code: 1002,
        reason: "This request exceeds your quota limit.".into(),
    };
    assert_eq!(
        refused(failing(quota), |config| config).await.0,
        FailureKind::Quota
    );
    let (kind, message) = refused(failing(Fault::WrongFormat), |config| config).await;
    assert_eq!(kind, FailureKind::Unsupported);
    assert!(message.contains("mp3_44100_128"), "{message}");
    let impatient = |config| Config {
        connect_timeout: Duration::from_millis(500),
        ..config
    };
    let (kind, message) = refused(failing(Fault::Hang), impatient).await;
    assert_eq!(kind, FailureKind::Transient);
    assert!(message.contains("within 500 ms"), "{message}");
}

#[tokio::test]
async fn failures_within_a_conversation_have_each_their_kind() {
    assert_eq!(failure(Fault::CloseMidAnswer(1011)).await, FailureKind::Transient);
    assert_eq!(failure(Fault::BreakMidAnswer).await, FailureKind::Transient);
    assert_eq!(failure(Fault::Malformed).await, FailureKind::Protocol);
}

#[tokio::test]
async fn a_stall_is_found_and_a_flood_is_bounded() {
    let server = Agents::start(failing(Fault::Stall)).await.unwrap();
    let impatient = Config {
        silence_limit: Duration::from_millis(600),
        ..config(&server)
    };
    let mut caller = Caller::connect(&ElevenLabs::new(impatient).unwrap())
        .await
        .unwrap();
    let failed = caller.until(|e| matches!(e, EngineEvent::Failed { .. })).await;
    assert!(matches!(
        failed.last(),
        Some(EngineEvent::Failed {
            kind: FailureKind::Transient,
            ..
        })
    ));

    let server = Agents::start(failing(Fault::Flood)).await.unwrap();
    let small = Config {
        hold: Duration::from_secs(20),
        ..config(&server)
    };
    let engine = ElevenLabs::new(small).unwrap();
    let mut caller = Caller::connect(&engine).await.unwrap();
    caller.ready().await;
    caller.speak().await;
    // Nobody polls while all of it comes: a task that waited would not read it.
    limited(server.until(|log| !log.server("agent_response_complete").is_empty())).await;
    caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    assert!(caller.pcm.len() <= 20 * 16_000);
    drop(caller);
    limited(server.until(|log| log.open == 0)).await;
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_once() {
    let good = Config::new("agent_1");
    assert!(ElevenLabs::new(good.clone()).is_ok());
    let refused = |config| ElevenLabs::new(config).err().unwrap();
    let agent = refused(Config {
        agent: "agent?x=1".into(),
        ..good.clone()
    });
    assert!(matches!(agent, ConfigError::Agent { .. }));
    let url = refused(Config {
        url: "api.elevenlabs.io".into(),
        ..good.clone()
    });
    assert!(matches!(url, ConfigError::Service(_)));
    let key = refused(Config {
        key: Some(ApiKey::new("")),
        ..good
    });
    assert!(matches!(key, ConfigError::Service(_)));
}

/// The official client against the stand-in that the tests above believe.
#[tokio::test]
async fn the_official_client_talks_to_the_stand_in() {
    let Some(python) = official::python_with("elevenlabs") else {
        return;
    };
    let script = Script {
        private: true,
        ..talkative()
    };
    let server = Agents::start(script).await.unwrap();
    let output = official::client(&python, "talk_elevenlabs.py", &[&server.url()]).await;
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let log = server.log();
    assert_eq!(log.client("client_tool_result").len(), 1, "{told}");
    assert_eq!(log.client("pong").len(), log.server("ping").len());
    assert!(
        told.contains("interrupted\n") && told.contains("corrected: Atendemos das..."),
        "{told}"
    );
    assert!(told.contains("user: A Ana está?"), "{told}");
}
