//! Whole conversations: the simulated caller speaks, in real time, to the gateway on an engine.

use crate::line::{Node, secretary};
use audio::SampleRate;
use sim::openai::{Answer, Realtime, Script, ToolUse};
use sim::{
    Account, Act, Call, Clip, Line, Manners, Metadata, Mix, Module, Outcome, Role, Step, StreamAddress, When,
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const RATE: SampleRate = SampleRate::HZ_16000;

pub(crate) async fn says(when: When, text: &str) -> Step {
    let clip = Clip::spoken(text, "en", RATE, Line::Pcm)
        .await
        .expect("espeak-ng speaks");
    Step {
        when,
        act: Act::Say(clip),
    }
}

pub(crate) async fn call(node: &Node, script: Vec<Step>) -> Account {
    call_in(Mix::Mono, node, script).await
}

async fn call_in(mix: Mix, node: &Node, script: Vec<Step>) -> Account {
    let call = Call {
        address: StreamAddress::of_sample_call(node.stream_addr()),
        module: Module::Amigniter,
        line: Line::Pcm,
        echo: None,
        mix,
        rate: RATE,
        metadata: Some(Metadata {
            rate: Some(RATE.hz()),
            mix: Some(mix.to_string()),
            ..Metadata::default()
        }),
        script,
        manners: Manners {
            longest: Duration::from_secs(18),
            ..Manners::default()
        },
    };
    call.make(&CancellationToken::new(), |_| {})
        .await
        .expect("the call is taken")
}

/// What the assistant is reported to have been heard saying, in order.
pub(crate) fn heard_of_assistant(account: &Account) -> Vec<&str> {
    let lines = account.summary.transcript.iter();
    lines
        .filter(|line| line.role == Role::Assistant && line.is_final)
        .map(|line| line.text.as_str())
        .collect()
}

async fn on_openai(answers: Vec<Answer>) -> (Realtime, Node) {
    let fake = Realtime::start(Script {
        answers,
        ..Script::default()
    })
    .await
    .expect("the stand-in starts");
    let wanted = secretary("desk", "openai")
        .greeting("Good morning, how can I help you?")
        .with("[[destinations]]\nname = \"billing\"\nnumber = \"2001\"\n");
    let keys = format!("openai.url = {:?}\nvad.enabled = true", fake.url());
    let node = Node::start_with(wanted, &keys, [("VOICE_AI__OPENAI__API_KEY", "sk-sim")]).await;
    (fake, node)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_openai_an_interrupted_answer_is_cut_to_what_was_heard() {
    let long = "One two three four five six seven eight nine ten eleven twelve.";
    let answers = vec![
        Answer::tone(long, Duration::from_secs(6)),
        Answer::tone("Very well.", Duration::from_secs(1)),
    ];
    let (fake, node) = on_openai(answers).await;
    let script = vec![
        says(When::AfterAssistant, "I would like to talk to billing, please.").await,
        says(
            When::IntoNextUtterance(Duration::from_millis(1500)),
            "No, wait a moment, I have another question.",
        )
        .await,
    ];
    let account = call(&node, script).await;

    let summary = &account.summary;
    assert_eq!(summary.barge_in_stop_ms.len(), 1, "{summary:?}");
    assert_eq!(summary.false_barge_ins, 0, "{summary:?}");
    let heard = heard_of_assistant(&account);
    assert_eq!(heard.first(), Some(&"Good morning, how can I help you?"));
    assert_eq!(heard.last(), Some(&"Very well."));
    assert!(
        heard[1].starts_with("One two") && !heard[1].contains("twelve"),
        "{heard:?}"
    );
    let log = fake.log();
    let truncated = log.client("conversation.item.truncate");
    assert_eq!(truncated.len(), 1, "{truncated:?}");
    // Interrupted 1.5 s into it, decided upon within the longest that a decision takes.
    let told = truncated[0]["audio_end_ms"].as_u64().expect("a number");
    assert!((1_300..3_500).contains(&told), "{told} ms");
    assert!(log.server("error").is_empty(), "{:?}", log.server("error"));
    node.ends_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_openai_a_transfer_happens_when_its_announcement_has_been_heard() {
    let transfer = ToolUse::new("transfer_call", &serde_json::json!({"destination": "billing"}));
    let mut answer = Answer::tone("I am putting you through.", Duration::from_secs(1));
    answer.tools.push(transfer);
    let (_fake, node) = on_openai(vec![answer]).await;
    let account = call(&node, vec![says(When::AfterAssistant, "Billing, please.").await]).await;
    assert_eq!(
        account.summary.outcome,
        Outcome::Transferred("billing".into()),
        "{:?}",
        account.summary
    );
    assert_eq!(
        heard_of_assistant(&account).last(),
        Some(&"I am putting you through.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_cannot_be_reached_costs_an_apology_and_not_silence() {
    let wanted = secretary("desk", "openai")
        .greeting("Good morning.")
        .apology("I am sorry, please call again later.");
    // Nothing listens there.
    let keys = "openai.url = \"ws://127.0.0.1:9/\"\nvad.enabled = true";
    let node = Node::start_with(wanted, keys, [("VOICE_AI__OPENAI__API_KEY", "sk-sim")]).await;
    let account = call(&node, vec![]).await;
    assert_eq!(account.summary.outcome, Outcome::HungUp, "{:?}", account.summary);
    assert_eq!(
        heard_of_assistant(&account),
        ["I am sorry, please call again later."]
    );
    assert!(
        node.metrics()
            .contains("voice_ai_calls_ended_total{outcome=\"engine_failed\"} 1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_speech_to_text_the_local_engine_works_by_keys() {
    let node = Node::start_with(secretary("isp", "local").script("isp"), "vad.enabled = true", []).await;
    let press = || Step {
        when: When::IntoNextUtterance(Duration::from_secs(3)),
        act: Act::Press('7'),
    };
    let spoken = says(When::AfterAssistant, "I would like to talk to billing, please.").await;
    let account = call(&node, vec![spoken, press(), press()]).await;
    let heard = heard_of_assistant(&account);
    assert!(
        heard[0].starts_with("I couldn't understand"),
        "it says so plainly: {heard:?}"
    );
    assert!(
        !heard[0].contains("press 7"),
        "the key cuts the menu short: {heard:?}"
    );
    assert!(
        heard[1].starts_with("Our shop is"),
        "the key is answered: {heard:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_mixed_stream_the_secretary_does_not_hear_itself() {
    let node = Node::start_with(
        secretary("isp", "local").script("isp").greeting(LONG),
        "vad.enabled = true",
        [],
    )
    .await;
    let account = call_in(Mix::Mixed, &node, vec![]).await;
    assert_eq!(account.summary.false_barge_ins, 0, "{:?}", account.summary);
    assert_eq!(heard_of_assistant(&account), [LONG]);
}

const LONG: &str = "Good morning, this is the desk of a company that says a good deal before it listens.";
