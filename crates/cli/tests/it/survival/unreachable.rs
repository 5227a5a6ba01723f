//! The database is gone while callers leave messages, and comes back.

use super::*;

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_gone_calls_go_on_and_all_arrives_when_it_is_back() {
    let world = World::new("").await;
    // A folder where the database's file should be: nobody, root neither, can open it.
    let blocked = world.data().join("voice-ai.db");
    std::fs::create_dir_all(&blocked).unwrap();
    let life = world.start();
    let enough = CancellationToken::new();
    let caller = tokio::spawn(World::callers(life.calls, enough.clone()));
    let promised = tokio::time::timeout(LIMIT, world.provider.until(|log| promised(log).len() >= 10)).await;
    enough.cancel();
    caller.await.unwrap();
    assert!(
        promised.is_ok(),
        "{} messages were promised",
        world.promised().len()
    );
    let (state, detail) = life.health("journal").await;
    assert_eq!(state, "degraded", "{detail}");
    assert!(detail.contains("the database takes nothing"), "{detail}");
    assert!(world.receiver.told().borrow().is_empty());

    std::fs::remove_dir(&blocked).unwrap();
    let promised = world.promised();
    let mut told = world.receiver.told();
    let all_told = tokio::time::timeout(LIMIT, told.wait_for(|told| told.len() >= promised.len())).await;
    assert!(
        all_told.is_ok(),
        "{} of {} were told",
        world.receiver.told().borrow().len(),
        promised.len()
    );
    let (state, detail) = life.health("journal").await;
    assert_eq!(state, "ok", "{detail}");
    life.end();
    let stored: BTreeSet<_> = world.stored().await.iter().map(name).collect();
    assert!(
        promised.is_subset(&stored),
        "{:?}",
        promised.difference(&stored).collect::<Vec<_>>()
    );
}
