//! Days pass by a clock that is passed in.

use super::*;
use secretary::{Language, Snapshot};
use store::{Began, ConversationId, Ended, Entry, Filter, Location};

fn domain(uuid: &str, retention_days: u32) -> Arc<Domain> {
    let embedded = Snapshot::embedded().unwrap();
    let sample = embedded.domains.values().next().unwrap();
    Arc::new(Domain {
        uuid: uuid.parse().unwrap(),
        retention_days,
        ..Domain::clone(sample)
    })
}

/// A call of that day, over within a minute, with a recording.
fn call(domain: &Domain, day: &str, recording: &str) -> Vec<Entry> {
    let at = day.parse::<Timestamp>().unwrap().as_millisecond();
    let conversation = ConversationId::random();
    let began = Began {
        conversation,
        domain: domain.uuid,
        call: "aaaaaaaa-bbbb-4ccc-8ddd-000000000001".parse().unwrap(),
        at: UnixMs(at),
        secretary: "ana".into(),
        language: Language::En,
        engine: "local".into(),
        caller: Some("1130".into()),
        caller_name: None,
        dialled: None,
    };
    let ended = Ended {
        conversation,
        domain: domain.uuid,
        at: UnixMs(at + 60_000),
        outcome: "completed".into(),
        barge_ins: 0,
        cost_micros: 0,
        recording: Some(recording.into()),
        event_log: None,
        deliveries: vec![],
    };
    vec![Entry::Began(began), Entry::Ended(ended)]
}

#[tokio::test]
async fn each_domain_forgets_after_its_own_days_rows_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::parse("sqlite:test.db", folder.path()).unwrap();
    let store = Store::open(&location).await.unwrap();
    let week = domain("11111111-2222-4333-8444-555555555555", 7);
    let ever = domain("99999999-2222-4333-8444-555555555555", 0);
    let outside = folder.path().join("outside.wav");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(&outside, "").unwrap();
    for name in ["old.wav", "new.wav", "kept.wav"] {
        std::fs::write(data.join(name), "").unwrap();
    }
    for entries in [
        call(&week, "2026-11-01T12:00:00Z", "old.wav"),
        call(&week, "2026-11-01T13:00:00Z", "../outside.wav"),
        call(&week, "2026-11-10T12:00:00Z", "new.wav"),
        call(&ever, "2026-11-01T12:00:00Z", "kept.wav"),
    ] {
        store.apply(&entries).await.unwrap();
    }
    let left = async |domain: &Domain| {
        let filter = Filter::default();
        store.conversations(domain.uuid, &filter).await.unwrap().len()
    };

    let domains = [week.clone(), ever.clone()];
    let at = |time: &str| time.parse::<Timestamp>().unwrap();
    forget(&store, &domains, &data, at("2026-11-08T11:59:00Z")).await;
    assert_eq!((left(&week).await, left(&ever).await), (3, 1));
    forget(&store, &domains, &data, at("2026-11-08T13:01:00Z")).await;
    assert_eq!((left(&week).await, left(&ever).await), (1, 1));
    assert!(!data.join("old.wav").exists());
    assert!(outside.exists() && data.join("new.wav").exists() && data.join("kept.wav").exists());
    forget(&store, &domains, &data, at("2027-11-08T13:01:00Z")).await;
    assert_eq!((left(&week).await, left(&ever).await), (0, 1));
}

#[tokio::test]
async fn files_that_no_row_names_go_with_their_day() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::parse("sqlite:test.db", folder.path()).unwrap();
    let store = Store::open(&location).await.unwrap();
    let week = domain("11111111-2222-4333-8444-555555555555", 7);
    let ever = domain("99999999-2222-4333-8444-555555555555", 0);
    let file = |domain: &Domain, day: &str, extension: &str| {
        let started = format!("{day}T12:00:00Z").parse().unwrap();
        let path = recording::Place::new(domain.uuid, started, "call").relative(extension);
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
        path
    };
    // Its process died: it has no end, and its row names no file.
    let begun = call(&week, "2026-11-01T12:00:00Z", "").swap_remove(0);
    store.apply(&[begun]).await.unwrap();
    let died = [
        file(&week, "2026-11-01", "wav.part"),
        file(&week, "2026-11-01", "jsonl"),
    ];
    let kept = [file(&week, "2026-11-02", "wav"), file(&ever, "2026-11-01", "wav")];
    let now = "2026-11-09T00:00:00Z".parse().unwrap();
    forget(&store, &[week, ever], folder.path(), now).await;
    assert!(!died.iter().any(|path| path.exists()), "{died:?}");
    assert!(kept.iter().all(|path| path.exists()), "{kept:?}");
}
