//! Whole conversations on engines that hear, answer and interrupt by themselves: greeting, question, barge-in, transfer, farewell.

use crate::conversations::{call, heard_of_assistant, says};
use crate::line::{Node, secretary};
use serde_json::json;
use sim::gemini::{Answer, ToolUse};
use sim::{Account, Outcome, Role, When, deepgram, gemini};
use std::sync::Arc;
use std::time::Duration;
use voice::deepgram::Deepgram;
use voice::gemini::Gemini;
use voice::{ApiKey, Engine};

const GREETING: &str = "Good morning, how can I help you?";
const LONG: &str = "One two three four five six seven eight nine ten eleven twelve.";
const QUESTION: &str = "Which plans are there?";
const OBJECTION: &str = "No, wait, put me through to billing.";
const THROUGH: &str = "I am putting you through.";

fn heard() -> Vec<String> {
    vec![QUESTION.into(), OBJECTION.into()]
}

/// A long answer, then the tool.
fn transferring() -> Vec<Answer> {
    let transfer = ToolUse::new("transfer_call", json!({"destination": "billing"}));
    vec![
        Answer::tone(LONG, Duration::from_secs(6)),
        Answer {
            tools: vec![transfer],
            ..Answer::tone(THROUGH, Duration::from_secs(1))
        },
    ]
}

/// The same, and the first answer ends only when it is interrupted.
fn held() -> Vec<Answer> {
    let mut answers = transferring();
    answers[0].held = true;
    answers
}

/// An answer, then a good-bye with the end of the call.
fn ending() -> Vec<Answer> {
    vec![
        Answer::tone("There is one.", Duration::from_secs(1)),
        Answer {
            tools: vec![ToolUse::new("end_call", json!({}))],
            ..Answer::tone("Good-bye.", Duration::from_secs(1))
        },
    ]
}

async fn on_gemini(answers: Vec<Answer>) -> (gemini::Live, Node) {
    let script = gemini::Script {
        answers,
        heard: heard(),
        ..gemini::Script::default()
    };
    let fake = gemini::Live::start(script).await.expect("the stand-in starts");
    let engine = Gemini::new(voice::gemini::Config {
        name: NAME.into(),
        url: fake.url(),
        ..voice::gemini::Config::new(ApiKey::new("gm-sim"))
    });
    let node = node_on(Arc::new(engine.expect("a configuration"))).await;
    (fake, node)
}

async fn on_deepgram(answers: Vec<Answer>) -> (deepgram::VoiceAgent, Node) {
    let script = deepgram::Script {
        answers,
        heard: heard(),
        ..deepgram::Script::default()
    };
    let fake = deepgram::VoiceAgent::start(script)
        .await
        .expect("the stand-in starts");
    let engine = Deepgram::new(voice::deepgram::Config {
        name: NAME.into(),
        url: fake.url(),
        ..voice::deepgram::Config::new(ApiKey::new("dg-sim"))
    });
    let node = node_on(Arc::new(engine.expect("a configuration"))).await;
    (fake, node)
}

/// The operator's name for the engine: one that a secretary's file may have.
const NAME: &str = "openai";

async fn node_on(engine: Arc<dyn Engine>) -> Node {
    let wanted = secretary("desk", engine.name())
        .greeting(GREETING)
        .with("[[destinations]]\nname = \"billing\"\nnumber = \"2001\"\n");
    Node::launch(&[&wanted], "vad.enabled = true", [], vec![engine]).await
}

/// The caller asks, speaks into the answer and is put through.
async fn is_put_through(node: Node) {
    let script = vec![
        says(When::AfterAssistant, QUESTION).await,
        says(When::IntoNextUtterance(Duration::from_millis(1500)), OBJECTION).await,
    ];
    let account = call(&node, script).await;
    let summary = &account.summary;
    assert_eq!(
        summary.outcome,
        Outcome::Transferred("billing".into()),
        "{summary:?}"
    );
    assert_eq!(summary.barge_in_stop_ms.len(), 1, "{summary:?}");
    assert_eq!(summary.false_barge_ins, 0, "{summary:?}");
    let assistant = heard_of_assistant(&account);
    assert_eq!(assistant.first(), Some(&GREETING), "{assistant:?}");
    assert_eq!(assistant.last(), Some(&THROUGH), "{assistant:?}");
    let cut = assistant[1].starts_with("One two") && !assistant[1].contains("twelve");
    assert!(cut, "{assistant:?}");
    assert_eq!(heard_of_caller(&account), [QUESTION, OBJECTION]);
    node.ends_empty().await;
}

/// The caller asks, thanks, and hears good-bye.
async fn says_good_bye(node: Node) {
    let script = vec![
        says(When::AfterAssistant, QUESTION).await,
        says(When::AfterAssistant, "Thank you, that is all.").await,
    ];
    let account = call(&node, script).await;
    assert_eq!(account.summary.outcome, Outcome::HungUp, "{:?}", account.summary);
    assert_eq!(
        heard_of_assistant(&account),
        [GREETING, "There is one.", "Good-bye."]
    );
    node.ends_empty().await;
}

fn heard_of_caller(account: &Account) -> Vec<&str> {
    let lines = account.summary.transcript.iter();
    lines
        .filter(|line| line.role == Role::User && line.is_final)
        .map(|line| line.text.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_gemini_a_caller_speaks_into_an_answer_and_is_put_through() {
    let (fake, node) = on_gemini(held()).await;
    is_put_through(node).await;
    let interruptions = fake.log();
    let interruptions = interruptions.having(gemini::Side::Server, "/serverContent/interrupted");
    assert_eq!(interruptions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_gemini_an_answer_that_is_complete_is_spoken_into_all_the_same() {
    let (_fake, node) = on_gemini(transferring()).await;
    is_put_through(node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_gemini_a_call_ends_when_its_good_bye_has_been_heard() {
    let (_fake, node) = on_gemini(ending()).await;
    says_good_bye(node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_deepgram_a_caller_speaks_into_an_answer_and_is_put_through() {
    let (fake, node) = on_deepgram(held()).await;
    is_put_through(node).await;
    let log = fake.log();
    assert_eq!(log.client("InjectAgentMessage")[0]["message"], GREETING);
    assert!(log.server("Error").is_empty(), "{:?}", log.server("Error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_deepgram_an_answer_that_is_complete_is_spoken_into_all_the_same() {
    let (_fake, node) = on_deepgram(transferring()).await;
    is_put_through(node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_deepgram_a_call_ends_when_its_good_bye_has_been_heard() {
    let (_fake, node) = on_deepgram(ending()).await;
    says_good_bye(node).await;
}
