//! What a call leaves in the store.

use crate::estate::{CALL, Estate, Keys, NORTH, SOUTH, conversations, sheet};
use crate::talker::{Talk, Talker};
use serde_json::json;
use std::sync::Arc;
use store::{MessageKind, Speaker};
use voice::Usage;

const KEPT: &str = "privacy = { transcript = true }";

fn talk() -> Talk {
    Talk {
        words: "Please call me back.".into(),
        answer: "I will see to it.".into(),
        message: Some(json!({"number": "1130", "name": "Ana"})),
        usage: Usage {
            text_in: 1_000,
            audio_out: 2_000,
            ..Usage::default()
        },
        ..Talk::default()
    }
}

/// One whole call of the north: the node after it, and what its tools came to.
async fn call(talk: Talk, keys: &Keys) -> (Estate, Vec<(bool, String)>) {
    let talker = Talker::new(talk);
    let estate = Estate::start("openai", Some(Arc::new(talker.clone())), keys).await;
    let mut phone = estate.open(NORTH, CALL).await;
    phone
        .text(r#"{"caller_number":"+55 11 98765-4321","caller_name":"Fulana","destination":"4000","rate":16000,"mix":"mono"}"#)
        .await;
    phone.audio().await;
    phone.control("latency").await;
    // The answer was heard.
    while phone.control("transcript").await["role"] != "assistant" {}
    let results = talker.answered().await;
    phone.hang_up().await;
    estate.shows("voice_ai_calls_live 0").await;
    (estate, results)
}

#[tokio::test]
async fn a_call_is_in_the_store_with_its_words_its_message_its_cost_and_its_end() {
    let keys = Keys {
        node: "openai.prices = { text_in = 4, audio_out = 64 }".into(),
        secretary: KEPT.into(),
        ..Keys::default()
    };
    let (estate, results) = call(talk(), &keys).await;
    assert!(
        estate
            .metrics()
            .contains("voice_ai_engine_cost_micros_total{engine=\"openai\"} 132000")
    );
    for part in ["endpoint", "engine", "leg"] {
        let counted = format!("voice_ai_waiting_seconds_count{{engine=\"openai\",part=\"{part}\"}} 1");
        assert!(estate.metrics().contains(&counted), "{counted}");
    }
    let (store, _folder) = estate.closed().await;
    let sheet = sheet(&store, NORTH).await;
    let conversation = &sheet.conversation;
    assert_eq!(conversation.caller.as_deref(), Some("+55 11 98765-4321"));
    assert_eq!(conversation.caller_name.as_deref(), Some("Fulana"));
    assert_eq!(conversation.dialled.as_deref(), Some("4000"));
    assert_eq!(conversation.secretary.as_deref(), Some("ana"));
    assert_eq!(conversation.outcome.as_deref(), Some("caller_hung_up"));
    assert_eq!(conversation.cost_micros, 132_000);
    assert!(conversation.ended.is_some() && conversation.event_log.is_some());
    let first = &sheet.turns[0];
    assert_eq!((first.speaker, first.number), (Speaker::Caller, 1));
    assert_eq!(first.text.as_deref(), Some("Please call me back."));
    let answer = sheet.turns.iter().find(|turn| turn.speaker == Speaker::Secretary);
    let latency = answer.and_then(|answer| answer.latency).unwrap();
    // One box: it tells no parts of its own.
    assert_eq!(
        (latency.stt_ms, latency.brain_ms, latency.tts_ms),
        (None, None, None)
    );
    let (Some(endpoint), Some(engine), Some(_)) = (latency.endpoint_ms, latency.engine_ms, latency.leg_ms)
    else {
        panic!("{latency:?}");
    };
    let whole = latency.response_ms;
    assert!(
        endpoint + engine <= whole && whole <= endpoint + engine + 2,
        "{latency:?}"
    );
    assert_eq!(sheet.messages.len(), 1);
    assert_eq!(sheet.messages[0].kind, MessageKind::Callback);
    assert_eq!(sheet.messages[0].fields["number"], "1130");
    assert!(results[0].0, "the engine may say that it was noted");
    assert!(conversations(&store, SOUTH).await.is_empty());
}

#[tokio::test]
async fn without_a_transcript_the_turns_are_there_and_their_words_are_not() {
    let (estate, _) = call(talk(), &Keys::default()).await;
    let (store, _folder) = estate.closed().await;
    let sheet = sheet(&store, NORTH).await;
    assert!(!sheet.turns.is_empty());
    assert!(sheet.turns.iter().all(|turn| turn.text.is_none()), "{sheet:#?}");
}

#[tokio::test]
async fn what_is_for_nobody_else_stands_nowhere_but_in_the_message() {
    let talk = Talk {
        words: "One two three four five.".into(),
        answer: "You said one two three four five.".into(),
        sensitive: true,
        message: Some(json!({"cpf": "12345"})),
        ..talk()
    };
    let keys = Keys {
        secretary: "privacy = { transcript = true, sensitive = [\"cpf\"] }".into(),
        ..Keys::default()
    };
    let (estate, _) = call(talk, &keys).await;
    let (store, _folder) = estate.closed().await;
    let sheet = sheet(&store, NORTH).await;
    for turn in &sheet.turns {
        assert_eq!(turn.text.as_deref(), Some("***"), "{sheet:#?}");
    }
    assert_eq!(sheet.messages[0].fields["cpf"], "12345");
}

#[tokio::test]
async fn a_message_that_cannot_be_kept_is_not_called_noted() {
    let mut talk = talk();
    // More than a line of the journal may have.
    talk.message = Some(json!({"message": "x".repeat(4 << 20)}));
    let (estate, results) = call(talk, &Keys::default()).await;
    let (store, _folder) = estate.closed().await;
    let (ok, why) = &results[0];
    assert!(!ok && why.contains("too long"), "{why}");
    assert!(sheet(&store, NORTH).await.messages.is_empty());
}

#[tokio::test]
async fn a_tool_that_the_secretary_does_not_offer_does_nothing_whoever_calls_it() {
    let talk = Talk {
        tools: vec![
            ("transfer_call", json!({"destination": "4000"})),
            ("end_call", json!({})),
            ("open_the_door", json!({})),
        ],
        ..talk()
    };
    let keys = Keys {
        secretary: "tools = []".into(),
        ..Keys::default()
    };
    let (estate, results) = call(talk, &keys).await;
    assert_eq!(results.len(), 4);
    for (ok, why) in &results {
        let told = why.contains("there is none") || why.contains("not offered");
        assert!(!ok && told, "{results:?}");
    }
    let (store, _folder) = estate.closed().await;
    let sheet = sheet(&store, NORTH).await;
    assert!(sheet.messages.is_empty(), "{sheet:#?}");
    assert_eq!(sheet.conversation.outcome.as_deref(), Some("caller_hung_up"));
}

#[tokio::test]
async fn a_tool_that_needs_control_of_the_pbx_says_so_where_there_is_none() {
    let talk = Talk {
        tools: vec![
            ("send_dtmf", json!({"keys": "1#"})),
            ("send_dtmf", json!({"keys": "open"})),
            ("record_call", json!({"action": "start"})),
            ("check_extension_available", json!({"destination": "4000"})),
        ],
        message: None,
        ..talk()
    };
    let tools = "tools = [\"send_dtmf\", \"record_call\", \"check_extension_available\"]\n\
        destinations = [{ name = \"Billing\", number = \"4000\" }]";
    let keys = Keys {
        secretary: tools.into(),
        ..Keys::default()
    };
    let (_estate, results) = call(talk, &keys).await;
    assert_eq!(results.len(), 4);
    let needs = |why: &str| why.contains("needs control of the PBX ([[pbx]] in the configuration)");
    assert_eq!(
        results.iter().filter(|(ok, why)| !ok && needs(why)).count(),
        3,
        "{results:?}"
    );
    assert!(
        results
            .iter()
            .any(|(ok, why)| !ok && why.contains("no keys of a phone")),
        "{results:?}"
    );
}

#[tokio::test]
async fn a_tool_that_it_does_offer_is_done_beside_one_that_it_does_not() {
    let talk = Talk {
        tools: vec![("transfer_call", json!({"destination": "4000"}))],
        ..talk()
    };
    let keys = Keys {
        secretary: "tools = [\"take_message\"]".into(),
        ..Keys::default()
    };
    let (estate, mut results) = call(talk, &keys).await;
    results.sort_by_key(|(ok, _)| *ok);
    assert!(
        matches!(&results[..], [(false, why), (true, _)] if why.contains("there is take_message")),
        "{results:?}"
    );
    let (store, _folder) = estate.closed().await;
    assert_eq!(sheet(&store, NORTH).await.messages.len(), 1);
}
