//! Our requests and the stand-in's events against the types of the official packages, and their clients against the stand-in.

use super::Rig;
use crate::official;
use serde_json::{Value, json};
use sim::llm::{Ending, LlmServer, Reply, Wire};
use std::path::Path;
use std::process::Output;

fn validate(python: &Path, lines: &[Value]) -> Output {
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    official::validate(python, "validate_llm.py", &text)
}

fn name(wire: Wire) -> &'static str {
    match wire {
        Wire::Chat => "chat",
        Wire::Anthropic => "anthropic",
        Wire::Gemini => "gemini",
    }
}

#[tokio::test]
async fn requests_and_events_are_those_of_the_official_packages() {
    let Some(python) = official::python_with("anthropic") else {
        return;
    };
    let mut lines = Vec::new();
    for wire in Wire::ALL {
        let replies = [
            Reply::streaming()
                .thought("Two tools.", "c2lnbmVk")
                .text("Um momento. ")
                .call(0, "a", "take_message", "{\"name\":\"Ana\"}")
                .call(1, "b", "end_call", "{}")
                .stop(Ending::Tools),
            Reply::saying("Anotado."),
        ];
        let events = replies.iter().flat_map(|reply| reply.events(wire));
        lines.extend(events.map(|event| json!({"wire": name(wire), "event": event})));
        let limited = |config: &mut voice::brain::llm::Config| config.longest_answer = Some(300);
        let mut rig = Rig::with(wire, replies, limited).await;
        rig.says("anota e desliga").await;
        rig.result("a", true, "noted");
        rig.finished().await;
        rig.result("b", false, "not now");
        rig.finished().await;
        let asked = rig.server.seen().asked;
        assert_eq!(asked.len(), 2);
        lines.extend(
            asked
                .iter()
                .map(|asked| json!({"wire": name(wire), "request": asked.body})),
        );
    }
    assert!(lines.len() > 40, "{}", lines.len());
    let output = validate(&python, &lines);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    the_check_notices_what_is_wrong(&python, &lines);
}

fn the_check_notices_what_is_wrong(python: &Path, lines: &[Value]) {
    let mut wrong = Vec::new();
    for (wire, role, of_event) in [
        ("chat", "/request/messages/1/role", "/event/choices/0/delta"),
        ("anthropic", "/request/messages/0/role", "/event/message"),
        ("gemini", "/request/contents/0", "/event/candidates/0"),
    ] {
        let first = |kind: &str| {
            let found = lines
                .iter()
                .find(|line| line["wire"] == wire && !line[kind].is_null());
            found.unwrap().clone()
        };
        let mut request = first("request");
        *request.pointer_mut(role).unwrap() = "caller".into();
        let mut event = first("event");
        event.pointer_mut(of_event).unwrap()["contents"] = "x".into();
        wrong.extend([request, event]);
    }
    let output = validate(python, &wrong);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "6 checked, 6 failures\n");
}

#[tokio::test]
async fn the_official_clients_understand_the_stand_in() {
    let Some(python) = official::python_with("anthropic") else {
        return;
    };
    for wire in Wire::ALL {
        let call = Reply::streaming()
            .thought("A message.", "c2lnbmVk")
            .call(0, "a", "take_message", "{\"name\":\"Ana\"}")
            .stop(Ending::Tools);
        let server = LlmServer::start([call, Reply::saying("Anotado, Ana.")])
            .await
            .unwrap();
        let output = official::client(&python, "talk_llm.py", &[name(wire), &server.origin()]).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{wire:?}: {errors}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let want = json!({"call": ["take_message", {"name": "Ana"}, "a"], "words": "Anotado, Ana.", "tokens": [9, 9]});
        assert_eq!(told, want, "{wire:?}");
    }
}
