//! The database is gone while callers leave messages, and comes back.

use super::*;

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_gone_calls_go_on_and_all_arrives_when_it_is_back() {
    let world = World::new(SQLITE).await;
    // A folder where the database's file should be: nobody, root neither, can open it.
    let blocked = world.data().join("voice-ai.db");
    std::fs::create_dir_all(&blocked).unwrap();
    let life = world.start();
    leave_messages(&world, &life).await;
    std::fs::remove_dir(&blocked).unwrap();
    all_arrives(&world, life).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgresql_is_stopped_calls_go_on_and_all_arrives_when_it_is_started() {
    let mut server = match sim::postgres::Server::start() {
        Ok(server) => server,
        Err(why) => return eprintln!("skipped: {why}"),
    };
    let world = World::new(&server.url("postgres")).await;
    let life = world.start();
    // The tables are there, and connections to them.
    let mut told = world.receiver.told();
    let enough = CancellationToken::new();
    let caller = tokio::spawn(World::callers(life.calls, enough.clone()));
    tokio::time::timeout(LIMIT, told.wait_for(|told| !told.is_empty()))
        .await
        .expect("a message is told")
        .unwrap();
    server.stop().unwrap();
    enough.cancel();
    caller.await.unwrap();
    leave_messages(&world, &life).await;
    server.start_again().unwrap();
    all_arrives(&world, life).await;
}

/// Ten more messages than there are, while the database takes nothing.
async fn leave_messages(world: &World, life: &Life) {
    let before = world.promised().len();
    let told_before = world.receiver.told().borrow().len();
    let enough = CancellationToken::new();
    let caller = tokio::spawn(World::callers(life.calls, enough.clone()));
    let promised = tokio::time::timeout(
        LIMIT,
        world.provider.until(|log| promised(log).len() >= before + 10),
    )
    .await;
    enough.cancel();
    caller.await.unwrap();
    assert!(
        promised.is_ok(),
        "{} messages were promised",
        world.promised().len()
    );
    let (state, detail) = until_journal(life, "degraded").await;
    assert_eq!(state, "degraded", "{detail}");
    assert!(detail.contains("the database takes nothing"), "{detail}");
    assert_eq!(world.receiver.told().borrow().len(), told_before);
}

async fn all_arrives(world: &World, life: Life) {
    let promised = world.promised();
    let mut told = world.receiver.told();
    let all_told = tokio::time::timeout(LIMIT, told.wait_for(|told| told.len() >= promised.len())).await;
    assert!(
        all_told.is_ok(),
        "{} of {} were told",
        world.receiver.told().borrow().len(),
        promised.len()
    );
    let (state, detail) = until_journal(&life, "ok").await;
    assert_eq!(state, "ok", "{detail}");
    life.end();
    let stored: BTreeSet<_> = world.stored().await.iter().map(name).collect();
    assert!(
        promised.is_subset(&stored),
        "{:?}",
        promised.difference(&stored).collect::<Vec<_>>()
    );
}

/// What health says of the journal, as soon as it says so, or after all patience.
async fn until_journal(life: &Life, wanted: &str) -> (String, String) {
    let said = async {
        while life.health("journal").await.0 != wanted {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Who asked sees what it says instead.
    let _ended = tokio::time::timeout(LIMIT, said).await;
    life.health("journal").await
}
