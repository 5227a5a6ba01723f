//! Secretaries that change while calls run.

use crate::line::{Line, Node, secretary};
use crate::log::Log;
use crate::site;
use std::fs;
use std::path::PathBuf;

const FIRST: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
const SECOND: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000002";
const THIRD: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000003";

fn file(greeting: &str, reprompt: &str) -> String {
    format!(
        "name = \"desk\"\nlanguage = \"en\"\nscript = \"talk.yaml\"\ngreeting = {{ text = {greeting:?} }}\n\
         phrases = {{ reprompts = [{reprompt:?}], farewell = \"\", apology = \"\", backchannels = [] }}\n\
         limits = {{ silence_ms = 1000 }}\n"
    )
}

fn script(question: &str) -> String {
    format!(
        "language: en\nstart: hello\nintents:\n  sales:\n    examples: [I want to buy]\nstates:\n  hello:\n    \
         ask: {question}\n    choices:\n      - {{intent: sales, key: \"1\", do: [{{end: \"{question} indeed.\"}}]}}\n"
    )
}

/// A node whose secretary says nothing yet, with a script beside it, and the path of the secretary's file.
async fn desk(keys: &str) -> (Node, PathBuf) {
    let node = Node::start(secretary("desk", "loopback"), keys).await;
    fs::write(node.folder().join("talk.yaml"), script("Yes?")).unwrap();
    let path = node.folder().join("desk.toml");
    (node, path)
}

/// What the secretary is next reported to have been heard saying.
async fn said(line: &mut Line) -> String {
    loop {
        let told = line.control("transcript").await;
        if told["role"] == "assistant" && told["final"] == true {
            return told["text"].as_str().expect("a text").to_owned();
        }
    }
}

async fn check(node: &Node) -> serde_json::Value {
    let answer = site::get(node.control_addr(), "/health/ready", "").await;
    assert_eq!(answer.status, 200, "calls can be carried: {answer:?}");
    let checks = answer.json()["checks"].clone();
    let checks = checks.as_array().expect("checks");
    checks
        .iter()
        .find(|check| check["name"] == "secretaries")
        .expect("a check of the secretaries")
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_keeps_its_own_secretary_and_the_next_has_the_new_one() {
    let (node, path) = desk("secretaries.reload_seconds = 0").await;
    fs::write(&path, file("Old hello.", "Old question?")).unwrap();
    let old = node.reload().await.unwrap();
    let mut first = Line::open(&node, FIRST).await;
    assert_eq!(said(&mut first).await, "Old hello.");

    fs::write(&path, file("New hello.", "New question?")).unwrap();
    let new = node.reload().await.unwrap();
    assert_ne!(old, new);
    assert_eq!(
        said(&mut first).await,
        "Old question?",
        "the call goes on as it began"
    );
    let mut second = Line::open(&node, SECOND).await;
    assert_eq!(said(&mut second).await, "New hello.");
    assert_eq!(said(&mut second).await, "New question?");
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_health_says_so_until_it_is_mended() {
    let (log, _guard) = Log::listen();
    let (node, path) = desk("secretaries.reload_seconds = 0").await;
    let good = file("Hi.", "");
    fs::write(&path, &good).unwrap();
    node.reload().await.unwrap();
    assert_eq!(check(&node).await["state"], "ok");
    fs::write(&path, good.replace("script =", "scrpt =")).unwrap();
    let wrong = node.reload().await.unwrap_err();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].contains("desk.toml, line 1: the brain \"script\" has no script")
            && wrong[1].contains("desk.toml, line 3: unknown key `scrpt`; did you mean \"script\"?"),
        "{wrong:?}"
    );
    assert!(log.text().contains(&wrong[0]), "{}", log.text());
    let told = check(&node).await;
    assert_eq!(told["state"], "degraded", "{told}");
    assert!(told["detail"].as_str().unwrap().contains(&wrong[1]), "{told}");
    let mut line = Line::open(&node, THIRD).await;
    assert_eq!(said(&mut line).await, "Hi.");

    fs::write(&path, good).unwrap();
    node.reload().await.unwrap();
    assert_eq!(check(&node).await["state"], "ok");
}

#[tokio::test]
async fn what_the_engines_lack_is_a_fault_of_the_new_secretaries_too() {
    let (node, path) = desk("secretaries.reload_seconds = 0").await;
    let good = file("Hi.", "");
    fs::write(&path, good.replace("script =", "engine = \"openai\"\nscript =")).unwrap();
    let wrong = node.reload().await.unwrap_err();
    assert!(
        wrong.len() == 1 && wrong[0].contains("openai.api_key"),
        "{wrong:?}"
    );
    fs::write(&path, good).unwrap();
    fs::write(node.folder().join("talk.yaml"), "language: en\nstrt: a\n").unwrap();
    let wrong = node.reload().await.unwrap_err();
    assert!(wrong.len() == 1 && wrong[0].contains("talk.yaml"), "{wrong:?}");
}

#[tokio::test]
async fn a_changed_script_is_read_again() {
    let (node, path) = desk("secretaries.reload_seconds = 0").await;
    let talk = node.folder().join("talk.yaml");
    fs::write(&talk, script("Old.")).unwrap();
    fs::write(&path, file("Hi.", "")).unwrap();
    node.reload().await.unwrap();
    fs::write(&talk, script("New.")).unwrap();
    node.reload().await.unwrap();
    let mut line = Line::open(&node, FIRST).await;
    assert_eq!(said(&mut line).await, "Hi.");
    line.text(r#"{"type":"dtmf","digit":"1"}"#).await;
    assert_eq!(said(&mut line).await, "New. indeed.");
}

#[tokio::test]
async fn a_change_is_found_without_being_told_of_it() {
    let (log, _guard) = Log::listen();
    let (node, path) = desk("secretaries.reload_seconds = 1").await;
    fs::write(&path, file("Found.", "")).unwrap();
    log.shows("the secretaries were read again: new calls have them")
        .await;
    let mut line = Line::open(&node, FIRST).await;
    assert_eq!(said(&mut line).await, "Found.");
}
