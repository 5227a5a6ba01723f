//! The adapter against another's server, and another's client against our stand-in.

use crate::conversation::{Caller, limited};
use crate::node::{self, Aimock};
use call::{Cause, EngineCommand, EngineEvent, TurnId};
use serde_json::json;
use sim::openai::{Answer, Realtime, Script, ToolUse};
use std::time::Duration;
use voice::ApiKey;
use voice::openai::{Config, OpenAi};

/// aimock ignores audio: it is asked in text, and answers in text and with tools.
#[tokio::test]
async fn aimock_is_asked_and_answers_with_words_and_tools() {
    if !node::has("@copilotkit/aimock") {
        return;
    }
    let server = Aimock::start("aimock.json").await;
    let config = Config {
        url: server.realtime(),
        ..Config::new(ApiKey::new("sk-sim"))
    };
    let mut caller = Caller::connect(&OpenAi::new(config).unwrap()).await.unwrap();
    caller.ready().await;

    caller.session.ask(TurnId(1), "Qual é o horário de vocês?".into());
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    let cause = Cause::Turn(TurnId(1));
    assert!(
        matches!(events[0], EngineEvent::AnswerStarted { cause: c, .. } if c == cause),
        "{events:?}"
    );
    assert_eq!(words(&events), "Atendemos das oito às dezoito horas.");

    caller.session.ask(TurnId(2), "A Ana está?".into());
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    let call = events.iter().find_map(|e| match e {
        EngineEvent::ToolCall { id, name, arguments } => Some((id.clone(), name.as_str(), arguments)),
        _ => None,
    });
    let (id, name, arguments) = call.unwrap();
    assert_eq!(
        (name, arguments),
        ("check_extension_available", &json!({"destination": "Ana"}))
    );
    caller.session.command(EngineCommand::ToolResult {
        id,
        ok: true,
        result: "{\"available\":true}".into(),
    });
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerDone { .. }))
        .await;
    assert_eq!(words(&events), "A Ana está disponível.");
    let follows = matches!(
        events[0],
        EngineEvent::AnswerStarted {
            cause: Cause::FollowUp,
            ..
        }
    );
    assert!(follows, "{events:?}");
}

fn words(events: &[EngineEvent]) -> String {
    let words = events.iter().filter_map(|e| match e {
        EngineEvent::AnswerText { text, .. } => Some(text.as_str()),
        _ => None,
    });
    words.collect()
}

#[tokio::test]
async fn the_official_javascript_client_talks_to_the_stand_in() {
    if !node::has("@openai/agents-realtime") {
        return;
    }
    let tool = ToolUse::new("check_extension_available", &json!({"destination": "Ana"}));
    let answers = vec![
        Answer::tools(vec![tool]),
        Answer::tone("A Ana está disponível.", Duration::from_millis(600)).held(),
        Answer::tone("Pois não?", Duration::from_millis(300)),
    ];
    let server = Realtime::start(Script {
        answers,
        ..Script::default()
    })
    .await
    .unwrap();
    let output = node::client("talk_agents_realtime.mjs", &server.url()).await;
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in ["tool: Ana", "interrupted", "heard: true"] {
        assert!(told.lines().any(|l| l == line), "{line}: {told}");
    }
    assert!(!told.contains("error"), "{told}");
    let log = limited(server.until(|log| log.open == 0)).await;
    // It cancels what the server has cancelled already.
    let late = |e: &&serde_json::Value| e["error"]["code"] == "response_cancel_not_active";
    let errors = log.server("error");
    assert!(errors.iter().all(late), "{errors:?}");
    assert!(!log.client("session.update").is_empty());
}
