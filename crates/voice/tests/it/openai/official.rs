//! Every event of a conversation, ours and the stand-in's, against the types of the official package.

use super::{Rig, limited};
use crate::official;
use call::{AnswerId, Digit, EngineCommand, EngineEvent, PlayedMs, TurnId};
use serde_json::json;
use sim::openai::{Answer, Fault, Script, Sent, Side, ToolUse};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

fn validate(python: &Path, sent: &[Sent]) -> Output {
    let text = sent
        .iter()
        .map(|one| serde_json::to_string(one).unwrap() + "\n")
        .collect::<String>();
    official::validate(python, "validate_openai.py", &text)
}

/// A conversation that uses every event there is.
async fn conversation() -> Vec<Sent> {
    let answers = vec![
        Answer::tools(vec![ToolUse::new("transfer_call", &json!({"to": "financeiro"}))]),
        Answer::tone("Vou transferir.", Duration::from_millis(500)),
        Answer::tone("Sem fim.", Duration::from_millis(500)).held(),
    ];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(EngineCommand::TurnStarted { turn: TurnId(1) });
    rig.speak(300).await;
    rig.until(|e| matches!(e, EngineEvent::Heard { is_final: true, .. }))
        .await;
    rig.tell(EngineCommand::Respond { turn: TurnId(1) });
    for event in rig.answer_done(1).await {
        if let EngineEvent::ToolCall { id, .. } = event {
            rig.tell(EngineCommand::ToolResult {
                id,
                ok: false,
                result: "ocupado".into(),
            });
        }
    }
    rig.answer_done(2).await;
    rig.tell(EngineCommand::Dtmf {
        digit: Digit::new('1').unwrap(),
    });
    rig.until(|e| {
        matches!(
            e,
            EngineEvent::AnswerText {
                answer: AnswerId(3),
                ..
            }
        )
    })
    .await;
    limited(
        rig.server
            .until(|log| log.server("response.output_audio.delta").len() >= 6),
    )
    .await;
    while rig.pcm.len() < 24_000 {
        rig.next().await;
    }
    rig.tell(EngineCommand::Interrupt {
        answer: AnswerId(3),
        heard: PlayedMs(100),
        text: "Sem".into(),
    });
    rig.tell(EngineCommand::TurnStarted { turn: TurnId(2) });
    rig.speak(300).await;
    rig.until(|e| matches!(e, EngineEvent::Heard { is_final: true, .. }))
        .await;
    rig.tell(EngineCommand::Discard { turn: TurnId(2) });
    limited(
        rig.server
            .until(|log| !log.server("conversation.item.deleted").is_empty()),
    )
    .await
    .events
}

/// A conversation in which everything that can be refused is.
async fn quarrel() -> Vec<Sent> {
    let fault = Fault::FailedAnswer {
        kind: "server_error".into(),
        code: "server_error".into(),
    };
    let mut rig = Rig::ready(Script {
        fault: Some(fault),
        ..Script::default()
    })
    .await;
    rig.tell(EngineCommand::Respond { turn: TurnId(1) });
    rig.until(|e| matches!(e, EngineEvent::Failed { .. })).await;
    rig.server.log().events
}

#[tokio::test]
async fn every_event_is_one_of_the_official_packages() {
    let Some(python) = official::python() else {
        return;
    };
    let mut sent = conversation().await;
    sent.extend(quarrel().await);
    for kind in [
        "session.update",
        "input_audio_buffer.append",
        "conversation.item.create",
        "conversation.item.truncate",
        "conversation.item.delete",
        "response.create",
        "response.cancel",
    ] {
        assert!(
            sent.iter().any(|s| s.from == Side::Client && s.kind() == kind),
            "{kind} was never sent"
        );
    }
    let output = validate(&python, &sent);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let count = format!("{} events checked, 0 failures\n", sent.len());
    assert_eq!(String::from_utf8_lossy(&output.stdout), count);
}

#[test]
fn the_check_fails_on_what_is_wrong() {
    let Some(python) = official::python() else {
        return;
    };
    let wrong = [
        (Side::Client, json!({"type": "response.creat"})),
        (Side::Client, json!({"type": "response.create", "respnse": {}})),
        (
            Side::Client,
            json!({"type": "conversation.item.truncate", "item_id": "a", "content_index": 0, "audio_end_ms": "1"}),
        ),
        (
            Side::Client,
            json!({"type": "session.update", "session": {"type": "realtime", "modalities": ["audio"]}}),
        ),
        (Side::Server, json!({"type": "response.create"})),
        (
            Side::Server,
            json!({"type": "session.created", "session": {"type": "realtime"}}),
        ),
    ];
    let wrong = wrong.map(|(from, event)| Sent { from, event });
    let output = validate(&python, &wrong);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.lines().count(), wrong.len(), "one was let through:\n{told}");
}
