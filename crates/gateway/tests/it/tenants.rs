//! Two tenants of two secretaries each, side by side: neither sees anything of the other.

use crate::estate::{CALL, Estate, Keys, NORTH, SOUTH, conversations};
use crate::log::Log;
use crate::site::get;
use crate::talker::{Talk, Talker};
use serde_json::json;
use std::sync::Arc;
use store::Filter;

const METADATA: &str = r#"{"rate":16000,"mix":"mono"}"#;

#[tokio::test]
async fn the_same_channel_is_another_call_in_another_domain() {
    let estate = Estate::start("loopback", None, &Keys::default()).await;
    let mut north = estate.open(NORTH, CALL).await;
    let mut south = estate.open(SOUTH, CALL).await;
    for phone in [&mut north, &mut south] {
        phone.text(METADATA).await;
        phone.audio().await;
    }
    estate.shows("voice_ai_calls_live 2").await;
    let (status, body) = estate.try_open(SOUTH, CALL).await.err().unwrap();
    assert_eq!(status, 409, "its own call it has: {body}");
    assert!(!body.contains("north") && !body.contains(NORTH), "{body}");
    north.hang_up().await;
    estate.shows("voice_ai_calls_live 1").await;
    let (status, _) = estate.try_open(SOUTH, CALL).await.err().unwrap();
    assert_eq!(status, 409, "and still has it when the other one's is over");
    south.hang_up().await;
}

#[tokio::test]
async fn a_secretary_of_another_domain_does_not_answer_and_is_not_named() {
    let (log, _guard) = Log::listen();
    let estate = Estate::start("loopback", None, &Keys::default()).await;
    let before = log.text().len();
    let mut phone = estate.open(NORTH, CALL).await;
    phone
        .text(r#"{"secretary":"leo","rate":16000,"mix":"mono"}"#)
        .await;
    phone.audio().await;
    log.shows("a call begins").await;
    phone.hang_up().await;
    log.shows("the call is over").await;
    let told = log.text().split_off(before);
    assert!(told.contains("secretary=ana"), "{told}");
    assert!(
        !told.contains("eva") && !told.contains("south") && !told.contains(SOUTH),
        "{told}"
    );
    // What the caller's own metadata claimed is the only place of the other's name.
    assert_eq!(told.matches("leo").count(), 1, "{told}");
}

#[tokio::test]
async fn what_one_has_is_in_no_answer_and_no_row_of_the_other() {
    let talk = Talk {
        words: "Hello.".into(),
        answer: "Hello.".into(),
        message: Some(json!({"name": "Ana", "message": "call me"})),
        ..Talk::default()
    };
    let estate = Estate::start("openai", Some(Arc::new(Talker::new(talk))), &Keys::default()).await;
    for (domain, call) in [(NORTH, CALL.to_owned()), (SOUTH, CALL.replace("0001", "0002"))] {
        let mut phone = estate.open(domain, &call).await;
        phone.text(METADATA).await;
        phone.audio().await;
        phone.control("latency").await;
        phone.hang_up().await;
    }
    estate.shows("voice_ai_calls_live 0").await;
    let metrics = get(estate.control(), "/metrics", "").await.body;
    let health = get(estate.running.stream_addr(), "/health/ready", "").await.body;
    for private in ["north", "south", NORTH, SOUTH, "ana", "eva", CALL] {
        assert!(!metrics.contains(private), "{private}: {metrics}");
        assert!(!health.contains(private), "{private}: {health}");
    }
    let (store, _folder) = estate.closed().await;
    let mut seen = Vec::new();
    for (domain, secretary, foreign) in [(NORTH, "ana", SOUTH), (SOUTH, "eva", NORTH)] {
        let all = conversations(&store, domain).await;
        assert_eq!(all.len(), 1, "{all:#?}");
        assert_eq!(all[0].secretary.as_deref(), Some(secretary));
        let messages = store
            .messages(domain.parse().unwrap(), &Filter::default())
            .await
            .unwrap();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        let foreign = foreign.parse().unwrap();
        assert!(store.conversation(foreign, all[0].id).await.unwrap().is_none());
        assert!(store.message(foreign, messages[0].id).await.unwrap().is_none());
        seen.push(all[0].id);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn refusals_name_no_other_domain() {
    let keys = Keys {
        north: "max_calls = 1".into(),
        ..Keys::default()
    };
    let estate = Estate::start("loopback", None, &keys).await;
    let _one = estate.open(NORTH, CALL).await;
    let full = estate
        .try_open(NORTH, &CALL.replace("0001", "0002"))
        .await
        .err()
        .unwrap();
    let unknown = estate
        .try_open("77777777-2222-4333-8444-555555555555", CALL)
        .await
        .err()
        .unwrap();
    assert_eq!((full.0, unknown.0), (503, 403));
    for private in ["south", SOUTH, "eva"] {
        assert!(
            !full.1.contains(private) && !unknown.1.contains(private),
            "{full:?} {unknown:?}"
        );
    }
    assert!(
        !unknown.1.contains("north") && !unknown.1.contains(NORTH),
        "{unknown:?}"
    );
}
