//! `kill -9` at random moments while callers leave messages.

use super::*;
use std::collections::BTreeMap;

/// How often the server is killed.
const KILLS: u32 = 6;
/// Callers at once.
const CALLERS: usize = 4;
/// A request that was under way when the server was killed is sent again when its lease of 20 s ends; the receiver may refuse it
/// then (every so manieth), and again, which puts it off by up to 10 s and 20 s more.
const LAST: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_at_any_moment_loses_no_message_and_doubles_none() {
    let seed =
        std::env::var("VOICE_AI_TEST_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("VOICE_AI_TEST_SEED={seed} kills at the same moments");
    let mut random = fastrand::Rng::with_seed(seed);
    let world = World::new(SQLITE).await;
    for _ in 0..KILLS {
        let life = world.start();
        let enough = CancellationToken::new();
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| tokio::spawn(World::callers(life.calls, enough.clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(random.u64(100..1_000))).await;
        life.kill();
        enough.cancel();
        for caller in callers {
            caller.await.unwrap();
        }
    }
    let promised = world.promised();
    println!("{} messages were promised", promised.len());
    assert!(
        promised.len() > 20,
        "{} messages were promised: too few to prove anything",
        promised.len()
    );

    let life = world.start();
    let mut told = world.receiver.told();
    let all_told = told.wait_for(|told| {
        let reached: BTreeSet<_> = told.values().map(|payloads| named(&payloads[0])).collect();
        promised.is_subset(&reached)
    });
    let all_told = tokio::time::timeout(LAST, all_told).await.map(drop);
    let told = world.receiver.told().borrow().clone();
    life.end();
    let reached: BTreeSet<_> = told.values().map(|payloads| named(&payloads[0])).collect();
    let mut stored: BTreeMap<String, u32> = BTreeMap::new();
    for message in world.stored().await {
        *stored.entry(name(&message)).or_default() += 1;
    }
    for message in &promised {
        assert_eq!(stored.get(message), Some(&1), "{message}");
    }
    assert!(stored.values().all(|count| *count == 1), "{stored:?}");
    assert!(
        all_told.is_ok(),
        "not told: {:?}",
        promised.difference(&reached).collect::<Vec<_>>()
    );
    let mut keys: BTreeMap<String, &String> = BTreeMap::new();
    for (key, payloads) in &told {
        assert!(
            payloads.iter().all(|payload| *payload == payloads[0]),
            "{payloads:?}"
        );
        let earlier = keys.insert(named(&payloads[0]), key);
        assert_eq!(earlier, None, "{} was told with two keys", payloads[0]);
    }
    let repeated = told.values().filter(|payloads| payloads.len() > 1).count();
    println!(
        "{} deliveries arrived, {repeated} of them more than once",
        told.len()
    );
}

fn named(payload: &str) -> String {
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    payload["data"]["fields"]["name"].as_str().unwrap().to_owned()
}
