//! The same conversation with each provider of the family.

use crate::conversation::{Caller, answers, heard, limited, setup, whole};
use audio::SampleRate;
use call::{Cause, EngineEvent, FailureKind, Role, TurnId};
use serde_json::Value;
use sim::openai::{Answer, Dialect as Faked, Realtime, Script, ToolUse};
use std::time::Duration;
use voice::openai::{Config, Dialect, OpenAi};
use voice::{ApiKey, Engine, Exchange};

/// The script of [`whole`], as this stand-in has it.
fn talkative(dialect: Faked) -> Script {
    let answers = answers().into_iter().map(|answer| Answer {
        pcm: answer.pcm(24_000),
        tools: answer
            .tools
            .iter()
            .map(|tool| ToolUse::new(&tool.name, &tool.arguments))
            .collect(),
        text: answer.text,
        held: answer.held,
    });
    Script {
        dialect,
        model: "model-sim".into(),
        heard: heard(),
        answers: answers.collect(),
        ..Script::default()
    }
}

fn engine(name: &str, dialect: Dialect, server: &Realtime) -> OpenAi {
    let config = Config {
        url: server.url(),
        model: "model-sim".into(),
        ..Config::of(name, dialect, ApiKey::new("sk-sim"))
    };
    OpenAi::new(config).unwrap()
}

async fn talk(name: &str, faked: Faked, dialect: Dialect) -> (Realtime, Caller) {
    let server = Realtime::start(talkative(faked)).await.unwrap();
    let engine = engine(name, dialect, &server);
    assert_eq!(engine.name(), name);
    let mut caller = Caller::connect(&engine).await.unwrap();
    whole(&mut caller).await;
    assert!(
        server.log().server("error").is_empty(),
        "{:?}",
        server.log().server("error")
    );
    (server, caller)
}

fn session(server: &Realtime) -> Value {
    server.log().client("session.update")[0]["session"].clone()
}

#[tokio::test]
async fn a_whole_conversation_with_openai() {
    let (server, _caller) = talk("openai", Faked::OpenAi, Dialect::OpenAi).await;
    assert_eq!(server.log().client("conversation.item.truncate").len(), 1);
}

#[tokio::test]
async fn a_whole_conversation_with_azure() {
    let (server, _caller) = talk("azure-east", Faked::Azure, Dialect::Azure).await;
    assert_eq!(session(&server)["type"], "realtime");
}

#[tokio::test]
async fn a_whole_conversation_with_xai_at_the_rate_of_the_leg() {
    let (server, caller) = talk("xai", Faked::Xai, Dialect::Xai).await;
    assert_eq!(caller.session.input_rate(), SampleRate::HZ_8000);
    assert_eq!(caller.session.output_rate(), SampleRate::HZ_8000);
    let session = session(&server);
    assert_eq!(session["turn_detection"]["type"], "server_vad");
    assert_eq!(session["voice"], "ara");
    // Only after tools: it answers turns by itself.
    let log = limited(server.until(|log| log.client("response.create").len() == 3)).await;
    assert_eq!(log.client("conversation.item.truncate")[0]["audio_end_ms"], 500);
}

#[tokio::test]
async fn a_whole_conversation_with_qwen() {
    let (server, caller) = talk("qwen", Faked::Qwen, Dialect::Qwen).await;
    assert_eq!(caller.session.input_rate(), SampleRate::HZ_16000);
    assert_eq!(caller.session.output_rate(), SampleRate::HZ_24000);
    assert_eq!(
        session(&server)["tools"][0]["function"]["name"],
        "check_extension_available"
    );
    let log = server.log();
    assert!(
        log.client("conversation.item.truncate").is_empty(),
        "it has no such event"
    );
    assert!(!log.server("response.audio.delta").is_empty());
}

fn history() -> [Exchange; 2] {
    [
        Exchange {
            role: Role::User,
            text: "Quero falar com a Ana.".into(),
        },
        Exchange {
            role: Role::Assistant,
            text: "Um momento.".into(),
        },
    ]
}

/// What the provider is told of a call that goes on, and asked.
async fn goes_on(faked: Faked, dialect: Dialect, resume: Option<&str>) -> Realtime {
    let server = Realtime::start(talkative(faked)).await.unwrap();
    let mut setup = setup();
    setup.history = history().into();
    setup.resume = resume.map(Into::into);
    let mut caller = Caller::connect_with(&engine("one", dialect, &server), setup)
        .await
        .unwrap();
    caller.ready().await;
    caller.session.ask(TurnId(3), "Ela está?".into());
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerStarted { .. }))
        .await;
    let wanted = Cause::Turn(TurnId(3));
    assert!(matches!(events.last(), Some(EngineEvent::AnswerStarted { cause, .. }) if *cause == wanted));
    server
}

fn texts(server: &Realtime) -> Vec<String> {
    let items = server.log();
    let items = items.client("conversation.item.create");
    let text = |item: &&Value| item["item"]["content"][0]["text"].as_str().unwrap().to_owned();
    items.iter().map(text).collect()
}

#[tokio::test]
async fn a_call_that_goes_on_is_told_what_was_said_and_asked_what_was_not_answered() {
    let all = ["Quero falar com a Ana.", "Um momento.", "Ela está?"];
    for (faked, dialect) in [(Faked::OpenAi, Dialect::OpenAi), (Faked::Xai, Dialect::Xai)] {
        assert_eq!(texts(&goes_on(faked, dialect, None).await), all, "{dialect:?}");
    }
    let qwen = goes_on(Faked::Qwen, Dialect::Qwen, None).await;
    assert_eq!(texts(&qwen), all[2..]);
    let told = session(&qwen)["instructions"].to_string();
    assert!(told.contains("Caller: Quero falar com a Ana."), "{told}");
}

#[tokio::test]
async fn xai_resumes_a_conversation_and_begins_anew_where_it_cannot() {
    let resumed = goes_on(Faked::Xai, Dialect::Xai, Some("conv_1")).await;
    assert_eq!(texts(&resumed), ["Ela está?"], "it remembers the rest");
    let gone = goes_on(Faked::Xai, Dialect::Xai, Some("conv_gone")).await;
    assert_eq!(texts(&gone).len(), 3);
}

#[tokio::test]
async fn a_session_tells_before_its_end_that_it_ends_and_what_resumes_it() {
    let server = Realtime::start(talkative(Faked::Xai)).await.unwrap();
    let short = Config {
        url: server.url(),
        model: "model-sim".into(),
        longest: Duration::from_secs(1),
        ..Config::of("xai", Dialect::Xai, ApiKey::new("sk-sim"))
    };
    let mut caller = Caller::connect(&OpenAi::new(short).unwrap()).await.unwrap();
    caller.ready().await;
    // Something always comes, so that the event is met.
    while caller.expiring.is_none() {
        caller.speak().await;
        caller.until(|e| *e == EngineEvent::TurnEnded).await;
    }
    let (within, resume) = caller.expiring.take().unwrap();
    assert!(within < Duration::from_secs(1), "{within:?}");
    assert_eq!(resume.as_deref(), Some("conv_1"));
}

#[tokio::test]
async fn each_wants_its_key_where_it_looks_for_it() {
    let server = Realtime::start(talkative(Faked::Azure)).await.unwrap();
    let error = Caller::connect(&engine("azure", Dialect::OpenAi, &server))
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind, FailureKind::Unauthorized);
    assert!(error.message.contains("engines.azure.api_key"), "{error}");
}
