//! Every message of ours and the stand-in's against the types of the official package, and its client against the stand-in.

use super::{config, connect};
use crate::official;
use crate::rig::{Rig, continued};
use call::{Digit, EngineCommand, EngineEvent, TurnId};
use serde_json::{Value, json};
use sim::gemini::{Answer, Leaving, Live, Script, Sent, Side, ToolUse};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

fn validate(python: &Path, sent: &[Sent]) -> Output {
    let text: String = sent
        .iter()
        .map(|one| serde_json::to_string(one).unwrap() + "\n")
        .collect();
    official::validate(python, "validate_gemini.py", &text)
}

fn tools() -> Answer {
    Answer::tools(vec![ToolUse::new("transfer_call", json!({"to": "financeiro"}))])
}

/// A conversation that uses every message there is.
async fn conversation() -> Vec<Sent> {
    let answers = vec![
        tools(),
        Answer::tone("Vou transferir.", Duration::from_millis(500)),
        Answer::tone("Sem fim.", Duration::from_millis(500)).held(),
        tools(),
    ];
    let leaves = Some(Leaving {
        answers: 5,
        time_left: Duration::from_secs(50),
    });
    let script = Script {
        answers,
        leaves,
        ..Script::default()
    };
    let server = Live::start(script).await.unwrap();
    let config = voice::gemini::Config {
        voice: "Kore".into(),
        turn_silence: Some(Duration::from_millis(400)),
        ..config(&server)
    };
    let (_engine, session) = connect(config, continued()).await.unwrap();
    let mut rig = Rig::new(session);
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
    while rig.pcm.len() < 24_000 {
        rig.next().await;
    }
    rig.tell(EngineCommand::TurnStarted { turn: TurnId(2) });
    rig.speak(300).await;
    rig.answer_done(4).await;
    rig.speak(300).await;
    while rig.expiring.is_none() {
        rig.next().await;
    }
    server.log().events
}

#[tokio::test]
async fn every_message_is_one_of_the_official_packages() {
    let Some(python) = official::python_with("google.genai") else {
        return;
    };
    let sent = conversation().await;
    let has = |from: Side, pointer: &str| {
        sent.iter()
            .any(|s| s.from == from && s.event.pointer(pointer).is_some())
    };
    for pointer in [
        "/setup",
        "/clientContent",
        "/realtimeInput/audio",
        "/realtimeInput/text",
        "/toolResponse",
    ] {
        assert!(has(Side::Client, pointer), "{pointer} was never sent");
    }
    for pointer in [
        "/setupComplete",
        "/serverContent/modelTurn/parts/0/inlineData",
        "/serverContent/modelTurn/parts/0/thought",
        "/serverContent/inputTranscription",
        "/serverContent/outputTranscription",
        "/serverContent/interrupted",
        "/serverContent/generationComplete",
        "/serverContent/turnComplete",
        "/usageMetadata",
        "/toolCall",
        "/toolCallCancellation",
        "/sessionResumptionUpdate/newHandle",
        "/goAway",
    ] {
        assert!(has(Side::Server, pointer), "{pointer} was never sent");
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
    let Some(python) = official::python_with("google.genai") else {
        return;
    };
    let wrong = [
        (Side::Client, json!({"setup": {"model": "m", "voice": "Kore"}})),
        (
            Side::Client,
            json!({"setup": {"realtimeInputConfig": {"silenceMs": 1}}}),
        ),
        (
            Side::Client,
            json!({"realtimeInput": {"audio": {"mimetype": "audio/pcm"}}}),
        ),
        (
            Side::Client,
            json!({"realtimeInput": {"text": "a"}, "toolResponse": {"functionResponses": []}}),
        ),
        (
            Side::Client,
            json!({"toolResponse": {"functionResponses": [{"response": "text"}]}}),
        ),
        (
            Side::Client,
            json!({"setup": {"tools": [{"functionDeclarations": [{"name": "a", "behavior": "BLOCKNG"}]}]}}),
        ),
        (Side::Server, json!({"goAway": {"timeLeft": 50}})),
        (Side::Server, json!({"serverContent": {"turnCompleted": true}})),
        (Side::Server, json!({})),
    ];
    let wrong = wrong.map(|(from, event)| Sent { from, event });
    let output = validate(&python, &wrong);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.lines().count(), wrong.len(), "one was let through:\n{told}");
}

/// What the official client met.
async fn client(python: &Path, server: &Live, handle: &str) -> Value {
    let arguments = [&server.host(), "gm-sim", "gemini-3.8-live", handle];
    let output = official::client(python, "talk_gemini.py", &arguments).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_official_client_talks_to_the_stand_in() {
    let Some(python) = official::python_with("google.genai") else {
        return;
    };
    let answers = vec![
        tools(),
        Answer::tone("Vou transferir.", Duration::from_millis(500)),
        Answer::tone("De novo.", Duration::from_millis(250)),
    ];
    let server = Live::start(Script {
        answers,
        ..Script::default()
    })
    .await
    .unwrap();
    let met = client(&python, &server, "-").await;
    assert_eq!(
        met["tools"],
        json!([{"name": "transfer_call", "args": {"to": "financeiro"}}])
    );
    assert_eq!(met["heard"], "Quero falar com o financeiro, por favor.");
    assert_eq!(met["said"], "Vou transferir.");
    assert_eq!(met["audio_bytes"], 24_000);
    assert_eq!(met["tokens"], 54);

    // The handle is of the beginning, as the client stops listening at the end of the turn.
    let met = client(&python, &server, met["handle"].as_str().unwrap()).await;
    assert_eq!(met["tools"].as_array().unwrap().len(), 1, "{met}");
}
