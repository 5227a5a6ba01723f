//! Whole conversations with known words, names and numbers: none of them is in the log above debug, in a metric, or in an answer.

use crate::estate::{CALL, Estate, Keys, NORTH, sheet};
use crate::log::Log;
use crate::site::get;
use crate::talker::{Talk, Talker};
use audio::SampleRate;
use serde_json::json;
use sim::llm::{LlmServer, Reply, Wire};
use sim::openai::{Answer, Fault, Realtime, Script, ToolUse};
use sim::{Act, Call, Clip, Line, Manners, Metadata, Mix, Module, Step, StreamAddress, When};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Level;
use voice::Engine;

/// What may stand nowhere.
const PRIVATE: [&str; 8] = [
    "987654321",
    "Fulana",
    "hippopotamus",
    "marmalade",
    "12345678909",
    "Beltrano",
    "4111222233334444",
    "55544433",
];

/// Metadata and text frames, some of them hostile: what is private is where it does not belong.
const FRAMES: [&str; 9] = [
    r#"{"caller_number":"+5511987654321","caller_name":"Fulana","destination":"55544433","rate":16000,"mix":"mono"}"#,
    r#"{"type":"dtmf","digit":"4111222233334444"}"#,
    r#"{"type":"dtmf","digit":"7"}"#,
    r#"{"type":"Fulana"}"#,
    r#"{"type":["12345678909"]}"#,
    r#"{"secretary":"ana","caller_number":"12345678909"}"#,
    r#""12345678909""#,
    "hippopotamus 12345678909",
    r#"{"type":"dtmf","digit":{"Fulana":1}}"#,
];

fn talk(fails: bool) -> Talk {
    Talk {
        words: "The hippopotamus is ill.".into(),
        answer: "I am sorry for your hippopotamus, marmalade.".into(),
        sensitive: false,
        message: Some(json!({"name": "Beltrano", "number": "4111222233334444", "message": "marmalade"})),
        fails,
        ..Talk::default()
    }
}

/// One who really speaks, to a stand-in for the realtime API that understands private words.
async fn spoken(fault: Option<Fault>) {
    let (log, _guard) = Log::listen();
    let message = json!({"name": "Beltrano", "number": "4111222233334444", "message": "marmalade"});
    let mut answer = Answer::tone("Poor hippopotamus.", Duration::from_millis(500));
    answer.tools.push(ToolUse::new("take_message", &message));
    let fake = Realtime::start(Script {
        key: "sk-test".into(),
        heard: vec!["The hippopotamus is ill.".into()],
        answers: vec![answer],
        fault,
        ..Script::default()
    })
    .await
    .unwrap();
    let keys = Keys {
        node: format!("openai.url = {:?}", fake.url()),
        ..kept()
    };
    let estate = Estate::start("openai", None, &keys).await;
    let rate = SampleRate::HZ_16000;
    let clip = Clip::spoken("The animal is ill.", "en", rate, Line::Pcm)
        .await
        .unwrap();
    let call = Call {
        address: StreamAddress::of_sample_call(estate.running.stream_addr()),
        module: Module::Amigniter,
        echo: None,
        line: Line::Pcm,
        mix: Mix::Mono,
        rate,
        metadata: Some(Metadata {
            caller_number: Some("+5511987654321".into()),
            caller_name: Some("Fulana".into()),
            rate: Some(rate.hz()),
            mix: Some("mono".into()),
            ..Metadata::default()
        }),
        script: vec![Step {
            when: When::At(Duration::from_millis(300)),
            act: Act::Say(clip),
        }],
        manners: Manners {
            longest: Duration::from_secs(6),
            ..Manners::default()
        },
    };
    call.make(&CancellationToken::new(), |_| {}).await.unwrap();
    estate.shows("voice_ai_calls_live 0").await;
    log.shows("the call is over").await;
    let metrics = estate.metrics();
    let (store, _folder) = estate.closed().await;
    let sheet = sheet(&store, NORTH).await;
    let kept = sheet.turns.iter().filter_map(|turn| turn.text.as_deref());
    assert!(
        kept.into_iter().any(|text| text.contains("hippopotamus")),
        "it was said: {sheet:#?}"
    );
    for private in PRIVATE {
        assert!(!log.text().contains(private), "{private}: {}", log.text());
        assert!(!metrics.contains(private), "{private}: {metrics}");
    }
}

#[tokio::test]
async fn not_of_words_that_a_realtime_server_understood() {
    spoken(None).await;
}

#[tokio::test]
async fn not_of_words_whose_answer_failed() {
    let (kind, code) = ("server_error".into(), "internal".into());
    spoken(Some(Fault::FailedAnswer { kind, code })).await;
}

async fn nothing_private_is_told(engine: &str, own: Option<Arc<dyn Engine>>, keys: &Keys, first: &str) {
    let (log, _guard) = Log::listen();
    let estate = Estate::start(engine, own, keys).await;
    let mut phone = estate.open(NORTH, CALL).await;
    phone.text(first).await;
    for frame in FRAMES {
        phone.text(frame).await;
    }
    phone.audio().await;
    log.shows("a call begins").await;
    let (_, refusal) = estate.try_open(NORTH, CALL).await.err().unwrap();
    phone.hang_up().await;
    estate.shows("voice_ai_calls_live 0").await;
    log.shows("the call is over").await;
    let strange = get(estate.running.stream_addr(), "/health/ready", "").await.body;
    let metrics = get(estate.control(), "/metrics", "").await.body;
    let health = get(estate.control(), "/health/ready", "").await.body;
    let (_store, _folder) = estate.closed().await;
    for private in PRIVATE {
        for (what, text) in [
            ("log", &log.text()),
            ("metrics", &metrics),
            ("health", &health),
            ("health of a stream", &strange),
            ("refusal", &refusal),
        ] {
            assert!(!text.contains(private), "{private} in the {what}:\n{text}");
        }
    }
}

/// What a secretary calls sensitive is in the log at no level.
#[tokio::test]
async fn not_even_at_trace_of_what_is_sensitive() {
    let (log, _guard) = Log::listen_from(Level::TRACE);
    let sensitive = ["12345678909", "one two three four five", "4111222233334444"];
    let talk = Talk {
        words: format!("It is {}.", sensitive[1]),
        answer: format!("You said {}.", sensitive[1]),
        sensitive: true,
        message: Some(json!({"cpf": sensitive[0], "of": {"card": sensitive[2]}})),
        ..Talk::default()
    };
    let keys = Keys {
        secretary: "privacy = { transcript = true, sensitive = [\"cpf\", \"Card\"] }".into(),
        ..Keys::default()
    };
    let talker = Talker::new(talk);
    let estate = Estate::start("openai", Some(Arc::new(talker.clone())), &keys).await;
    let mut phone = estate.open(NORTH, CALL).await;
    phone
        .text(r#"{"caller_number":"4711","rate":16000,"mix":"mono"}"#)
        .await;
    phone.text(r#"{"type":"dtmf","digit":"12345678909"}"#).await;
    phone.audio().await;
    phone.control("latency").await;
    assert!(talker.answered().await[0].0, "it was taken");
    phone.hang_up().await;
    log.shows("the call is over").await;
    let (store, _folder) = estate.closed().await;
    assert_eq!(
        sheet(&store, NORTH).await.messages[0].fields["cpf"],
        sensitive[0],
        "it was said"
    );
    let log = log.text();
    assert!(log.contains("4711"), "the log is one of every level:\n{log}");
    for private in sensitive {
        assert!(!log.contains(private), "{private}:\n{log}");
    }
}

/// Secretaries that follow a little script, where their engine has one.
fn scripted(line: &str) -> Keys {
    let script = "language: en\nstart: hello\nintents:\n  sales:\n    examples: [I want to buy]\nstates:\n  hello:\n    \
                  ask: What is it about?\n    choices:\n      - {intent: sales, key: \"7\", do: [{end: Good-bye.}]}\n";
    Keys {
        secretary: format!("script = \"talk.yaml\"\n{line}"),
        script: script.into(),
        ..Keys::default()
    }
}

fn kept() -> Keys {
    Keys {
        secretary: "privacy = { transcript = true, sensitive = [\"number\"] }".into(),
        ..Keys::default()
    }
}

#[tokio::test]
async fn not_of_a_conversation_that_goes_well() {
    let own = Arc::new(Talker::new(talk(false)));
    nothing_private_is_told("openai", Some(own), &kept(), FRAMES[0]).await;
}

#[tokio::test]
async fn not_of_one_whose_engine_fails() {
    let own = Arc::new(Talker::new(talk(true)));
    nothing_private_is_told("openai", Some(own), &kept(), FRAMES[0]).await;
}

#[tokio::test]
async fn not_of_one_whose_message_cannot_be_written() {
    let mut talk = talk(false);
    talk.message = Some(json!({"message": "marmalade ".repeat(1 << 19)}));
    nothing_private_is_told("openai", Some(Arc::new(Talker::new(talk))), &kept(), FRAMES[0]).await;
}

#[tokio::test]
async fn not_of_a_scripted_one_whatever_the_first_frame_is() {
    let keys = scripted("privacy = { recording = \"off\" }");
    for first in [
        FRAMES[0],
        FRAMES[6],
        FRAMES[7],
        r#"{"caller_number":5511987654321,"mix":"mono"}"#,
    ] {
        nothing_private_is_told("local", None, &keys, first).await;
    }
}

#[tokio::test]
async fn not_of_a_chat_whose_endpoint_repeats_what_it_was_told() {
    let told = json!({"error": {"message": "hippopotamus marmalade Fulana 12345678909"}});
    let server = LlmServer::start([
        Reply::refusing(500, told.to_string()),
        Reply::refusing(400, told.to_string()),
    ])
    .await
    .unwrap();
    let keys = Keys {
        node: format!(
            "chat.base_url = {:?}\nchat.model = \"llama\"",
            server.base_url(Wire::Chat)
        ),
        ..scripted("brain = \"chat\"")
    };
    // The binary does this at its start.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    nothing_private_is_told("local", None, &keys, FRAMES[0]).await;
}

/// Whoever listens on the leg learns that something was said, and not what.
#[tokio::test]
async fn what_is_private_is_masked_on_the_leg_too() {
    for (sensitive, shown) in [(true, ["***", "***"]), (false, ["It is five.", "You said five."])] {
        let talk = Talk {
            words: "It is five.".into(),
            answer: "You said five.".into(),
            sensitive,
            ..Talk::default()
        };
        let engine: Arc<dyn Engine> = Arc::new(Talker::new(talk));
        let estate = Estate::start("openai", Some(engine), &Keys::default()).await;
        let mut phone = estate.open(NORTH, CALL).await;
        phone.text(r#"{"rate":16000,"mix":"mono"}"#).await;
        phone.audio().await;
        for (role, shown) in ["user", "assistant"].into_iter().zip(shown) {
            let told = phone.control("transcript").await;
            assert_eq!(
                (&told["role"], &told["text"]),
                (&json!(role), &json!(shown)),
                "{told}"
            );
        }
        phone.hang_up().await;
    }
}

#[tokio::test]
async fn a_recording_that_is_announced_is_announced_before_anything_else_and_to_the_end() {
    let keys = scripted("privacy = { recording = \"announce\" }");
    let estate = Estate::start("local", None, &keys).await;
    let mut phone = estate.open(NORTH, CALL).await;
    phone.text(r#"{"rate":16000,"mix":"mono"}"#).await;
    phone.text(r#"{"type":"dtmf","digit":"1"}"#).await;
    phone.audio().await;
    let said = phone.control("transcript").await;
    let notice = secretary::Language::En.recording_notice();
    assert_eq!(said["text"], notice, "a key does not cut it short: {said}");
    phone.hang_up().await;
}
