//! Our requests and the stand-in's chunks against the types of the official package.

use super::Rig;
use serde_json::{Value, json};
use sim::chat::Reply;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The interpreter that has the package, if it was installed.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let has_package = Command::new(&python)
        .args(["-c", "import openai"])
        .output()
        .is_ok_and(|o| o.status.success());
    if !has_package {
        println!("skipped: no .venv with the openai package; `make test` makes it");
    }
    has_package.then_some(python)
}

fn validate(python: &Path, lines: &[Value]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/validate_chat.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn requests_and_chunks_are_those_of_the_official_package() {
    let Some(python) = python() else { return };
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
