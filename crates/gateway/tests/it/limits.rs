//! A tenant's limits of a day. Days that pass are tested beside the code, in virtual time.

use crate::estate::{CALL, Estate, Keys, NORTH, SOUTH};
use crate::talker::{Talk, Talker};
use std::sync::Arc;
use voice::Usage;

fn other(n: u32) -> String {
    CALL.replace("0001", &format!("{n:04}"))
}

#[tokio::test]
async fn when_the_minutes_are_used_calls_are_refused_with_what_would_help() {
    let keys = Keys {
        north: "minutes_per_day = 2".into(),
        ..Keys::default()
    };
    let estate = Estate::start("loopback", None, &keys).await;
    let _first = estate.open(NORTH, CALL).await;
    let _second = estate.open(NORTH, &other(2)).await;
    let (status, body) = estate.try_open(NORTH, &other(3)).await.err().unwrap();
    assert_eq!(status, 503);
    for part in ["2 of its 2 minutes", "minutes_per_day", "begin at 20"] {
        assert!(body.contains(part), "{part}: {body}");
    }
    assert!(
        estate
            .metrics()
            .contains("voice_ai_upgrades_refused_total{reason=\"domain_minutes\"} 1")
    );
    let _others = estate.open(SOUTH, &other(3)).await;
}

#[tokio::test]
async fn when_the_money_is_spent_the_call_goes_on_and_the_next_is_refused() {
    let talk = Talk {
        words: "Hello.".into(),
        answer: "Hello.".into(),
        usage: Usage {
            audio_out: 1_000_000,
            ..Usage::default()
        },
        ..Talk::default()
    };
    let keys = Keys {
        node: "openai.prices = { audio_out = 64 }".into(),
        north: "spend_per_day = 60".into(),
        ..Keys::default()
    };
    let estate = Estate::start("openai", Some(Arc::new(Talker::new(talk))), &keys).await;
    let mut first = estate.open(NORTH, CALL).await;
    first.text(r#"{"rate":16000,"mix":"mono"}"#).await;
    estate
        .shows("voice_ai_engine_cost_micros_total{engine=\"openai\"} 64000000")
        .await;
    let (status, body) = estate.try_open(NORTH, &other(2)).await.err().unwrap();
    assert_eq!(status, 503);
    assert!(
        body.contains("64.00 of 60.00") && body.contains("spend_per_day"),
        "{body}"
    );
    assert!(
        estate
            .metrics()
            .contains("voice_ai_upgrades_refused_total{reason=\"domain_spend\"} 1")
    );
    first.audio().await;
    first.hang_up().await;
}

#[tokio::test]
async fn calls_that_come_together_are_no_more_than_the_domain_may_have() {
    let keys = Keys {
        north: "max_calls = 5".into(),
        ..Keys::default()
    };
    let estate = Arc::new(Estate::start("loopback", None, &keys).await);
    let mut coming = tokio::task::JoinSet::new();
    for n in 1..=24 {
        let estate = estate.clone();
        coming.spawn(async move { estate.try_open(NORTH, &other(n)).await });
    }
    let come = coming.join_all().await;
    assert_eq!(come.iter().filter(|call| call.is_ok()).count(), 5);
}

#[tokio::test]
async fn what_was_used_before_a_restart_still_counts() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys {
        node: format!(
            "store.url = \"sqlite:{}\"",
            folder.path().join("kept.db").display()
        ),
        north: "spend_per_day = 60".into(),
        ..Keys::default()
    };
    let location = store::Location::parse("sqlite:kept.db", folder.path()).unwrap();
    let store = store::Store::open(&location).await.unwrap();
    let now = store::UnixMs(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64);
    let conversation = store::ConversationId::random();
    let domain = NORTH.parse().unwrap();
    let began = store::Began {
        conversation,
        domain,
        call: CALL.parse().unwrap(),
        at: now,
        secretary: "ana".into(),
        language: secretary::Language::En,
        engine: "openai".into(),
        caller: None,
        caller_name: None,
        dialled: None,
    };
    let ended = store::Ended {
        conversation,
        domain,
        at: now,
        outcome: "completed".into(),
        barge_ins: 0,
        cost_micros: 61_000_000,
        recording: None,
        event_log: None,
        deliveries: vec![],
    };
    let entries = [store::Entry::Began(began), store::Entry::Ended(ended)];
    store.apply(&entries).await.unwrap();
    store.close().await;

    let estate = Estate::start("loopback", None, &keys).await;
    let refused = async {
        // The store is read while calls are taken already.
        for n in 1.. {
            if let Err((_, body)) = estate.try_open(NORTH, &other(n)).await {
                return body;
            }
        }
        unreachable!("a limit of calls ends this at the latest")
    };
    let body = tokio::time::timeout(std::time::Duration::from_secs(10), refused)
        .await
        .unwrap();
    assert!(body.contains("61.00 of 60.00"), "{body}");
}
