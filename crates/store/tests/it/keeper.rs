//! What calls tell is carried into a database that is slow, gone, or picky, in order, and nothing that was kept is lost.

mod database;
mod disk;

use database::Fake;
use secretary::{CallUuid, DomainUuid};
use std::path::Path;
use std::time::Duration;
use store::{
    ConversationId, Entry, KeepError, Keeper, KeeperConfig, KeeperState, Message, MessageId, MessageKind,
    UnixMs,
};
use tempfile::TempDir;

/// Patience of a test with what must come.
const PATIENCE: Duration = Duration::from_secs(20);

fn config(folder: &Path, bytes: u64) -> KeeperConfig {
    KeeperConfig {
        apply_limit: Duration::from_millis(200),
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(20),
        close_limit: Duration::from_secs(10),
        ..KeeperConfig::new(folder.join("journal"), bytes)
    }
}

const MIB: u64 = 1024 * 1024;

fn message(number: u64) -> Entry {
    sized(number, 0)
}

/// A message with so many bytes of words besides.
fn sized(number: u64, bytes: usize) -> Entry {
    Entry::Message(Message {
        id: MessageId::random(),
        conversation: ConversationId::random(),
        domain: "11111111-2222-4333-8444-555555555555"
            .parse::<DomainUuid>()
            .unwrap(),
        call: "aaaaaaaa-bbbb-4ccc-8ddd-000000000001"
            .parse::<CallUuid>()
            .unwrap(),
        at: UnixMs(1_700_000_000_000),
        kind: MessageKind::Message,
        fields: serde_json::json!({"number": number, "message": "x".repeat(bytes)}),
        deliveries: Vec::new(),
    })
}

fn number(entry: &Entry) -> u64 {
    let Entry::Message(message) = entry else {
        panic!("these tests tell messages alone, not {entry:?}");
    };
    message.fields["number"].as_u64().unwrap()
}

/// Waits until the keeper's state is as it should be.
async fn until(keeper: &Keeper, what: &str, holds: impl Fn(&KeeperState) -> bool) {
    let come = tokio::time::timeout(PATIENCE, async {
        while !holds(&keeper.state()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(come.await.is_ok(), "{what}: {:?}", keeper.state());
}

fn segments(folder: &TempDir) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder.path().join("journal"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.file_stem().is_some_and(|stem| stem.len() == 20))
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn what_is_told_arrives_in_order_and_leaves_no_words_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::default();
    let keeper = Keeper::open(&config(folder.path(), MIB), database.clone()).unwrap();
    for n in 0..1_000 {
        if n % 10 == 0 {
            keeper.keep(message(n)).await.unwrap();
        } else {
            keeper.note(message(n));
        }
    }
    database.until(1_000).await;
    assert_eq!(database.numbers(), (0..1_000).collect::<Vec<_>>());
    until(&keeper, "the journal is empty", |state| state.bytes == 0).await;
    assert_eq!(
        keeper.state(),
        KeeperState {
            limit: MIB,
            ..KeeperState::default()
        }
    );
    assert_eq!(segments(&folder), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn many_who_wait_for_the_disk_share_its_work() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::default();
    let keeper = Keeper::open(&config(folder.path(), MIB), database.clone()).unwrap();
    let keeping: Vec<_> = (0..300)
        .map(|n| {
            let keeper = keeper.clone();
            tokio::spawn(async move { keeper.keep(message(n)).await })
        })
        .collect();
    for kept in keeping {
        kept.await.unwrap().unwrap();
    }
    database.until(300).await;
    let mut numbers = database.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..300).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_kept_is_carried_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let gone = Fake::default();
    gone.go();
    let keeper = Keeper::open(&config(folder.path(), MIB), gone.clone()).unwrap();
    for n in 0..50 {
        keeper.keep(message(n)).await.unwrap();
    }
    keeper.close().await;
    assert!(matches!(keeper.keep(message(50)).await, Err(KeepError::Closed)));
    assert_eq!(gone.numbers(), Vec::<u64>::new());

    let database = Fake::default();
    let keeper = Keeper::open(&config(folder.path(), MIB), database.clone()).unwrap();
    keeper.keep(message(50)).await.unwrap();
    database.until(51).await;
    assert_eq!(database.numbers(), (0..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_keeper_that_is_closed_has_carried_everything() {
    let folder = tempfile::tempdir().unwrap();
    let database = Fake::default();
    let keeper = Keeper::open(&config(folder.path(), MIB), database.clone()).unwrap();
    for n in 0..2_000 {
        keeper.note(message(n));
    }
    keeper.close().await;
    assert_eq!(database.numbers(), (0..2_000).collect::<Vec<_>>());
    // The folder is free.
    drop(Keeper::open(&config(folder.path(), MIB), database).unwrap());
}

#[tokio::test]
async fn a_journal_is_one_process_s() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::open(&config(folder.path(), MIB), Fake::default()).unwrap();
    let Err(refused) = Keeper::open(&config(folder.path(), MIB), Fake::default()) else {
        panic!("two keepers of one journal");
    };
    let text = refused.to_string();
    assert!(
        text.contains("another voice-ai") && text.contains("data.dir"),
        "{text}"
    );
    keeper.close().await;
}

#[tokio::test]
async fn a_journal_that_is_still_carried_at_the_end_is_nobody_else_s_yet() {
    let folder = tempfile::tempdir().unwrap();
    let slow = KeeperConfig {
        apply_limit: PATIENCE,
        close_limit: Duration::from_secs(3),
        ..config(folder.path(), MIB)
    };
    let database = Fake::default();
    database.fall_silent();
    let keeper = Keeper::open(&slow, database).unwrap();
    keeper.keep(message(0)).await.unwrap();
    let closing = tokio::spawn({
        let keeper = keeper.clone();
        async move { keeper.close().await }
    });
    while keeper.keep(message(1)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(Keeper::open(&slow, Fake::default()).is_err());
    closing.await.unwrap();
    drop(Keeper::open(&slow, Fake::default()).unwrap());
}
