//! Our requests and the stand-in's chunks against the types of the official package.

use super::Rig;
use crate::official;
use serde_json::{Value, json};
use sim::chat::Reply;
use std::path::Path;
use std::process::Output;

fn validate(python: &Path, lines: &[Value]) -> Output {
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    official::validate(python, "validate_chat.py", &text)
}

#[tokio::test]
async fn requests_and_chunks_are_those_of_the_official_package() {
    let Some(python) = official::python() else { return };
    let replies = [
        Reply::streaming()
            .text("Um momento. ")
            .call(0, "a", "take_message", "{\"name\":\"Ana\"}")
            .call(1, "b", "end_call", "{}")
            .stop("tool_calls"),
        Reply::saying("Anotado."),
    ];
    let mut lines: Vec<Value> = replies
        .iter()
        .flat_map(Reply::chunks)
        .map(|chunk| json!({"chunk": chunk}))
        .collect();
    let mut rig = Rig::new(replies).await;
    rig.says("anota e desliga").await;
    rig.result("a", true, "noted");
    rig.finished().await;
    rig.result("b", false, "not now");
    rig.finished().await;
    lines.extend(
        rig.server
            .seen()
            .asked
            .iter()
            .map(|asked| json!({"request": asked.body})),
    );
    assert!(lines.len() > 12, "{}", lines.len());
    let output = validate(&python, &lines);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    // The check itself notices what is wrong.
    let mut wrong = lines.last().unwrap().clone();
    wrong["request"]["messages"][1]["role"] = "caller".into();
    assert!(!validate(&python, &[wrong]).status.success());
    let mut unknown = lines[1].clone();
    unknown["chunk"]["choices"][0]["delta"]["contents"] = "x".into();
    assert!(!validate(&python, &[unknown]).status.success());
}
