//! Every event of ours and the stand-in's against the types of the official package, and its client against the stand-in.

use super::{config, connect};
use crate::official;
use crate::rig::{Rig, continued};
use call::{Digit, EngineCommand, EngineEvent, SayId};
use serde_json::{Value, json};
use sim::deepgram::{Answer, Failure, Moment, Script, Sent, Side, ToolUse, VoiceAgent};
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use voice::deepgram::Config;

pub(super) fn validate(python: &Path, sent: &[Sent]) -> Output {
    let text: String = sent
        .iter()
        .map(|one| serde_json::to_string(one).unwrap() + "\n")
        .collect();
    official::validate(python, "validate_deepgram.py", &text)
}

fn tools() -> Answer {
    Answer::tools(vec![ToolUse::new("transfer_call", json!({"to": "financeiro"}))])
}

/// A conversation that uses every event there is.
async fn conversation() -> Vec<Sent> {
    let answers = vec![
        tools(),
        Answer::tone("Vou transferir. Um momento.", Duration::from_millis(500)),
        tools(),
    ];
    let script = Script {
        answers,
        warning: Some("THINK_REQUEST_RETRIED".into()),
        ..Script::default()
    };
    let server = VoiceAgent::start(script).await.unwrap();
    let often = Config {
        keepalive: Duration::from_millis(100),
        ..config(&server)
    };
    let (_engine, session) = connect(often, continued()).await.unwrap();
    let mut rig = Rig::new(session);
    assert_eq!(rig.event().await, EngineEvent::Ready);
    crate::rig::limited(server.until(|log| !log.client("KeepAlive").is_empty())).await;
    rig.speak(300).await;
    for event in rig.answer_done(1).await {
        if let EngineEvent::ToolCall { id, .. } = event {
            let (ok, result) = (false, "ocupado".into());
            rig.tell(EngineCommand::ToolResult { id, ok, result });
        }
    }
    rig.answer_done(2).await;
    rig.tell(EngineCommand::Dtmf {
        digit: Digit::new('1').unwrap(),
    });
    rig.answer_done(3).await;
    rig.speak(300).await;
    rig.until(|e| matches!(e, EngineEvent::ToolCancelled { .. }))
        .await;
    rig.answer_done(4).await;
    let (say, text) = (SayId(1), "Até logo!".into());
    rig.tell(EngineCommand::Say { say, text });
    rig.answer_done(5).await;
    server.log().events
}

/// A conversation that the server refuses.
async fn quarrel() -> Vec<Sent> {
    let failure = Some(Failure {
        at: Moment::Settings,
        code: "INVALID_SETTINGS".into(),
    });
    let script = Script {
        failure,
        ..Script::default()
    };
    let server = VoiceAgent::start(script).await.unwrap();
    let (_engine, session) = connect(config(&server), continued()).await.unwrap();
    Rig::new(session).failure().await;
    server.log().events
}

#[tokio::test]
async fn every_event_is_one_of_the_official_packages() {
    let Some(python) = official::python_with("deepgram") else {
        return;
    };
    let mut sent = conversation().await;
    sent.extend(quarrel().await);
    let has = |from: Side, kind: &str| sent.iter().any(|s| s.from == from && s.kind() == kind);
    for kind in [
        "Settings",
        "KeepAlive",
        "InjectAgentMessage",
        "InjectUserMessage",
        "FunctionCallResponse",
    ] {
        assert!(has(Side::Client, kind), "{kind} was never sent");
    }
    for kind in [
        "Welcome",
        "SettingsApplied",
        "UserStartedSpeaking",
        "ConversationText",
        "AgentThinking",
        "AgentStartedSpeaking",
        "AgentAudioDone",
        "FunctionCallRequest",
        "FunctionCallCancelled",
        "Warning",
        "Error",
    ] {
        assert!(has(Side::Server, kind), "{kind} was never sent");
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
    let Some(python) = official::python_with("deepgram") else {
        return;
    };
    let wrong = [
        (Side::Client, json!({"type": "Setting"})),
        (Side::Client, json!({"type": "Settings", "audio": {}})),
        (Side::Client, json!({"type": "KeepAlive", "every": 8})),
        (Side::Client, json!({"type": "InjectUserMessage", "message": "a"})),
        (
            Side::Client,
            json!({"type": "Settings", "audio": {"input": {"encoding": "linear16", "sample_rate": "8000"}}, "agent": {}}),
        ),
        (
            Side::Client,
            json!({"type": "Settings", "audio": {}, "agent": {"think": {"provider": {"type": "open_ai", "model": "m"},
                "functions": [{"name": "a", "client_side": true}]}}}),
        ),
        (Side::Server, json!({"type": "KeepAlive"})),
        (Side::Server, json!({"type": "ConversationText", "role": "user"})),
        (
            Side::Server,
            json!({"type": "FunctionCallRequest", "functions": [{"id": "a", "name": "b", "arguments": {}, "client_side": true}]}),
        ),
    ];
    let wrong = wrong.map(|(from, event)| Sent { from, event });
    let output = validate(&python, &wrong);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.lines().count(), wrong.len(), "one was let through:\n{told}");
}

#[tokio::test]
async fn the_official_client_talks_to_the_stand_in() {
    let Some(python) = official::python_with("deepgram") else {
        return;
    };
    let answers = vec![
        tools(),
        Answer::tone("Vou transferir.", Duration::from_millis(500)),
    ];
    let server = VoiceAgent::start(Script {
        answers,
        ..Script::default()
    })
    .await
    .unwrap();
    let output = official::client(&python, "talk_deepgram.py", &[&server.host(), "dg-sim"]).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let met: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(met["functions"], json!([["transfer_call", {"to": "financeiro"}]]));
    let texts = json!([
        ["user", "Quero falar com o financeiro, por favor."],
        ["assistant", "Vou transferir."],
        ["assistant", "Até logo!"],
    ]);
    assert_eq!(met["texts"], texts);
    assert!(met["audio_bytes"].as_u64().unwrap() > 16_000, "{met}");
    let kinds = met["kinds"].as_array().unwrap();
    let sent = server
        .log()
        .events
        .iter()
        .filter(|s| s.from == Side::Server)
        .count();
    assert_eq!(kinds.len(), sent, "it knew every event: {met}");
}
