//! A database that is slow, gone or picky, and what becomes of the entries.

use super::*;
use sim::postgres::{PostgresError, Server};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use store::{Filter, LateStore, Location, Sink, SinkError};
use tokio::sync::watch;

#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
    Gone,
    /// It takes entries and never says so.
    Silent,
}

/// A database in memory that applies an entry once.
#[derive(Clone)]
pub(super) struct Fake {
    rows: Arc<Mutex<Vec<u64>>>,
    count: Arc<watch::Sender<usize>>,
    mood: Arc<watch::Sender<Mood>>,
    /// It refuses these for ever.
    refused: Arc<BTreeSet<u64>>,
}

impl Default for Fake {
    fn default() -> Self {
        Self::refusing([])
    }
}

impl Fake {
    pub(super) fn refusing(numbers: impl IntoIterator<Item = u64>) -> Self {
        Self {
            rows: Arc::default(),
            count: Arc::new(watch::channel(0).0),
            mood: Arc::new(watch::channel(Mood::Well).0),
            refused: Arc::new(numbers.into_iter().collect()),
        }
    }

    pub(super) fn go(&self) {
        self.mood.send_replace(Mood::Gone);
    }

    fn come_back(&self) {
        self.mood.send_replace(Mood::Well);
    }

    pub(super) fn fall_silent(&self) {
        self.mood.send_replace(Mood::Silent);
    }

    /// The numbers of what was applied, in order.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.rows.lock().unwrap().clone()
    }

    /// Waits until so many entries were applied.
    pub(super) async fn until(&self, count: usize) {
        let mut counted = self.count.subscribe();
        let come = tokio::time::timeout(PATIENCE, counted.wait_for(|now| *now >= count)).await;
        assert!(come.is_ok(), "{} of {count} entries came", self.numbers().len());
    }
}

impl Sink for Fake {
    async fn apply(&self, entries: &[Entry]) -> Result<(), SinkError> {
        let mood = *self.mood.borrow();
        if mood == Mood::Gone {
            return Err(SinkError::Unavailable("connection refused".into()));
        }
        if entries.iter().any(|entry| self.refused.contains(&number(entry))) {
            return Err(SinkError::Refused("a constraint".into()));
        }
        let count = {
            let mut rows = self.rows.lock().unwrap();
            for n in entries.iter().map(number) {
                if !rows.contains(&n) {
                    rows.push(n);
                }
            }
            rows.len()
        };
        self.count.send_replace(count);
        if mood == Mood::Silent {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_database_that_is_gone_makes_the_journal_longer_and_gets_all_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::default();
    database.go();
    let keeper = Keeper::open(&config(folder.path(), 16 * MIB), database.clone()).unwrap();
    for n in 0..200 {
        keeper.keep(message(n)).await.unwrap();
    }
    until(&keeper, "it is told", |state| state.failing.is_some()).await;
    let state = keeper.state();
    assert_eq!((state.waiting, state.lost), (200, 0));
    assert!(state.bytes > 200 * 100, "{state:?}");
    assert!(state.failing.unwrap().contains("connection refused"));

    database.come_back();
    database.until(200).await;
    assert_eq!(database.numbers(), (0..200).collect::<Vec<_>>());
    until(&keeper, "all is well", |state| {
        *state
            == KeeperState {
                limit: 16 * MIB,
                ..KeeperState::default()
            }
    })
    .await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_asked_again_and_nothing_is_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::default();
    database.fall_silent();
    let keeper = Keeper::open(&config(folder.path(), MIB), database.clone()).unwrap();
    keeper.keep(message(1)).await.unwrap();
    until(&keeper, "it is told", |state| {
        state.failing.as_deref() == Some("no answer within 200 ms")
    })
    .await;
    assert_eq!(keeper.state().waiting, 1);
    keeper.keep(message(2)).await.unwrap();
    database.come_back();
    until(&keeper, "all was carried", |state| state.waiting == 0).await;
    assert_eq!(database.numbers(), [1, 2]);
}

#[tokio::test]
async fn an_entry_that_is_refused_for_ever_stands_in_nobody_s_way() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::refusing([3, 7]);
    database.go();
    let keeper = Keeper::open(&config(folder.path(), MIB), database.clone()).unwrap();
    for n in 0..10 {
        keeper.keep(message(n)).await.unwrap();
    }
    database.come_back();
    until(&keeper, "all was carried", |state| state.waiting == 0).await;
    assert_eq!(database.numbers(), [0, 1, 2, 4, 5, 6, 8, 9]);
    assert_eq!(keeper.state().set_aside, 2);
    keeper.close().await;

    // Once the database takes them, what was set aside is a segment like any other.
    let journal = folder.path().join("journal");
    let aside = journal.join("set-aside.jsonl");
    assert_eq!(std::fs::read_to_string(&aside).unwrap().lines().count(), 2);
    std::fs::rename(&aside, journal.join("00000000000000000000.jsonl")).unwrap();
    let mended = Fake::default();
    let keeper = Keeper::open(&config(folder.path(), MIB), mended.clone()).unwrap();
    mended.until(2).await;
    assert_eq!(mended.numbers(), [3, 7]);
    keeper.close().await;
}

#[tokio::test]
async fn a_full_journal_drops_what_is_noted_before_it_refuses_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::default();
    database.go();
    let keeper = Keeper::open(&config(folder.path(), MIB), database.clone()).unwrap();
    let mut noted = 0;
    while keeper.state().lost == 0 {
        keeper.note(sized(noted, 64 * 1024));
        noted += 1;
        tokio::task::yield_now().await;
    }
    until(&keeper, "seven eighths are full", |state| {
        state.bytes > MIB * 3 / 4
    })
    .await;
    keeper.keep(sized(10_000, 64 * 1024)).await.unwrap();
    let mut kept = 1;
    let refused = loop {
        match keeper.keep(sized(10_000 + kept, 64 * 1024)).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, KeepError::Full { limit: MIB, .. }), "{refused}");
    assert!(refused.to_string().contains("store.journal_mb"), "{refused}");
    let state = keeper.state();
    assert!(state.bytes <= MIB, "{state:?}");
    let lost = state.lost;

    database.come_back();
    until(&keeper, "all was carried", |state| state.bytes == 0).await;
    let messages = database.numbers().iter().filter(|n| **n >= 10_000).count() as u64;
    assert_eq!(messages, kept);
    assert_eq!(database.numbers().len() as u64, noted + kept - lost);
    keeper.keep(message(1)).await.unwrap();
}

#[tokio::test]
async fn an_entry_that_is_too_long_is_refused_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::default();
    let keeper = Keeper::open(&config(folder.path(), 16 * MIB), database.clone()).unwrap();
    let refused = keeper.keep(sized(1, 2 * MIB as usize)).await.unwrap_err();
    assert!(matches!(refused, KeepError::TooLong { .. }), "{refused}");
    keeper.keep(message(2)).await.unwrap();
    database.until(1).await;
    assert_eq!(database.numbers(), [2]);
}

#[tokio::test]
async fn postgresql_that_stops_between_two_entries_gets_both() {
    let mut server = match Server::start() {
        Ok(server) => server,
        Err(why @ PostgresError::Absent) => return eprintln!("skipped: {why}"),
        Err(error) => panic!("{error}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let store = LateStore::new(Location::parse(&server.url("postgres"), folder.path()).unwrap());
    let config = KeeperConfig {
        apply_limit: Duration::from_secs(2),
        ..config(folder.path(), MIB)
    };
    let keeper = Keeper::open(&config, store.clone()).unwrap();
    keeper.keep(message(0)).await.unwrap();
    until(&keeper, "the first is there", |state| state.waiting == 0).await;
    server.stop().unwrap();
    keeper.keep(message(1)).await.unwrap();
    until(&keeper, "it is told", |state| state.failing.is_some()).await;
    server.start_again().unwrap();
    until(&keeper, "the second is there", |state| state.waiting == 0).await;
    assert_eq!(keeper.state().failing, None);
    let Entry::Message(Message { domain, .. }) = message(0) else {
        panic!("a message is one");
    };
    let kept = store.get().await.unwrap();
    assert_eq!(kept.messages(domain, &Filter::default()).await.unwrap().len(), 2);
    keeper.close().await;
    kept.close().await;
}
