use crate::site::{HOUR, NOON, SECOND, Site, Talk, domain, on_both};
use secretary::DomainUuid;
use sqlx::{Connection as _, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::{DeliveryId, DeliveryState, OutboxCounts, Retry, Store, UnixMs};
use tokio::task::JoinSet;

on_both! {
    a_lease_keeps_others_away_until_it_ends,
    what_was_delivered_is_never_due_again,
    a_lease_that_ended_decides_nothing_more,
    what_was_given_up_is_seen_and_tried_again,
    gateways_that_take_at_once_never_take_the_same,
}

const LEASE: Duration = Duration::from_secs(30);

async fn a_lease_keeps_others_away_until_it_ends(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&[talk.began(), talk.left_message()]).await.unwrap();
    let told = NOON + 8 * SECOND;

    assert_eq!(
        store
            .due((talk.domain, "crm"), UnixMs(told - 1), 10, LEASE)
            .await
            .unwrap(),
        []
    );
    let due = store
        .due((talk.domain, "crm"), UnixMs(told), 10, LEASE)
        .await
        .unwrap();
    let [first] = &due[..] else { panic!("{due:?}") };
    assert_eq!(
        (first.domain, first.id, first.webhook.as_str(), first.attempts),
        (talk.domain, talk.deliveries[0], "crm", 1)
    );
    let payload: serde_json::Value = serde_json::from_str(&first.payload).unwrap();
    assert_eq!(payload["conversation"], talk.id.to_string());

    assert_eq!(
        store
            .due((talk.domain, "crm"), UnixMs(told + 29_999), 10, LEASE)
            .await
            .unwrap(),
        []
    );
    let again = store
        .due((talk.domain, "crm"), UnixMs(told + 31 * SECOND), 10, LEASE)
        .await
        .unwrap();
    assert_eq!((again[0].id, again[0].attempts), (first.id, 2));
    assert_eq!(again[0].payload, first.payload);
}

async fn what_was_delivered_is_never_due_again(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&talk.entries()).await.unwrap();
    let now = UnixMs(NOON + 60 * SECOND);
    let due = store.due((talk.domain, "crm"), now, 1, LEASE).await.unwrap();
    assert_eq!(due[0].id, talk.deliveries[0], "the one that waits longest");
    store.delivered(&due[0], now).await.unwrap();

    let later = UnixMs(NOON + HOUR);
    let due = store.due((talk.domain, "crm"), later, 10, LEASE).await.unwrap();
    let ids: Vec<_> = due.iter().map(|due| due.id).collect();
    assert_eq!(ids, [talk.deliveries[1]]);
    let entry = store
        .outbox_entry(talk.domain, talk.deliveries[0])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (entry.state, entry.settled, entry.next),
        (DeliveryState::Delivered, Some(now), None)
    );
    assert_eq!(
        store
            .retry(talk.domain, Retry::One(talk.deliveries[0]), later)
            .await
            .unwrap(),
        0,
        "what was acknowledged is not sent again"
    );
}

async fn a_lease_that_ended_decides_nothing_more(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&[talk.left_message()]).await.unwrap();
    let slow = store
        .due((talk.domain, "crm"), UnixMs(NOON + HOUR), 1, LEASE)
        .await
        .unwrap()
        .remove(0);
    let other = store
        .due((talk.domain, "crm"), UnixMs(NOON + HOUR + 31 * SECOND), 1, LEASE)
        .await
        .unwrap()
        .remove(0);

    store
        .bury(&slow, UnixMs(NOON + 2 * HOUR), "too slow")
        .await
        .unwrap();
    store
        .put_off(&slow, UnixMs(NOON + 9 * HOUR), "too slow")
        .await
        .unwrap();
    let entry = entry(&store, &talk).await;
    assert_eq!((entry.state, entry.error), (DeliveryState::Waiting, None));

    let next = UnixMs(NOON + 3 * HOUR);
    store.put_off(&other, next, "503").await.unwrap();
    let entry = self::entry(&store, &talk).await;
    assert_eq!((entry.next, entry.error.as_deref()), (Some(next), Some("503")));

    // It was told all the same: the receiver has it.
    store.delivered(&slow, next).await.unwrap();
    assert_eq!(self::entry(&store, &talk).await.state, DeliveryState::Delivered);
}

async fn what_was_given_up_is_seen_and_tried_again(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    let other = Talk::new(domain(), NOON);
    for talk in [&talk, &other] {
        store.apply(&talk.entries()).await.unwrap();
    }
    let (now, later) = (UnixMs(NOON + HOUR), UnixMs(NOON + 2 * HOUR));
    for domain in [talk.domain, other.domain] {
        for due in store.due((domain, "crm"), now, 10, LEASE).await.unwrap() {
            store.bury(&due, now, "404 from the receiver").await.unwrap();
        }
    }
    assert_eq!(
        store.due((talk.domain, "crm"), later, 10, LEASE).await.unwrap(),
        []
    );
    let dead = store
        .outbox(talk.domain, Some(DeliveryState::Dead), 10)
        .await
        .unwrap();
    assert_eq!(dead.len(), 2);
    assert!(dead.iter().all(|entry| entry.domain == talk.domain));
    assert_eq!(dead[0].error.as_deref(), Some("404 from the receiver"));

    let both = OutboxCounts {
        waiting: 0,
        dead: 2,
        oldest: None,
    };
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!(
        counts,
        BTreeMap::from([(talk.domain, both), (other.domain, both)])
    );

    // Another tenant's is not to be had by its id.
    let stolen = Retry::One(other.deliveries[0]);
    assert_eq!(store.retry(talk.domain, stolen, later).await.unwrap(), 0);
    let one = Retry::One(talk.deliveries[1]);
    assert_eq!(store.retry(talk.domain, one, later).await.unwrap(), 1);
    assert_eq!(store.retry(talk.domain, Retry::AllDead, later).await.unwrap(), 1);
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!(
        counts[&talk.domain],
        OutboxCounts {
            waiting: 2,
            dead: 0,
            oldest: Some(UnixMs(NOON + 8 * SECOND))
        }
    );
    let due = store.due((talk.domain, "crm"), later, 10, LEASE).await.unwrap();
    let ids: Vec<_> = due.iter().map(|due| (due.id, due.attempts)).collect();
    assert_eq!(ids, talk.deliveries.map(|id| (id, 1)));
}

async fn gateways_that_take_at_once_never_take_the_same(site: Site) {
    const TALKS: usize = 60;
    let store = site.store().await;
    let domain = domain();
    let entries: Vec<_> = (0..TALKS)
        .map(|_| Talk::new(domain, NOON).left_message())
        .collect();
    store.apply(&entries).await.unwrap();

    let mut gateways = JoinSet::new();
    for _ in 0..4 {
        let gateway = site.store().await;
        gateways.spawn(async move { take_all(&gateway, domain).await });
    }
    let taken: Vec<DeliveryId> = gateways.join_all().await.concat();
    let distinct: BTreeSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), distinct.len()), (TALKS, TALKS));
}

async fn take_all(gateway: &Store, domain: DomainUuid) -> Vec<DeliveryId> {
    let mut taken = Vec::new();
    let now = UnixMs(NOON + HOUR);
    // Rows that others hold are skipped, so one answer without any says nothing yet.
    let mut misses = 0;
    while misses < 3 {
        let due = gateway.due((domain, "crm"), now, 5, LEASE).await.unwrap();
        misses += u32::from(due.is_empty());
        taken.extend(due.into_iter().map(|due| due.id));
    }
    taken
}

#[tokio::test]
async fn a_lease_begins_when_the_rows_are_taken_not_when_they_are_asked_for() {
    let site = Site::sqlite();
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&[talk.left_message()]).await.unwrap();
    let url = format!("sqlite:{}", site.location().file().unwrap().display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let held = Duration::from_millis(300);
    let release = async {
        tokio::time::sleep(held).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    };
    let now = UnixMs(NOON + HOUR);
    let (due, ()) = tokio::join!(store.due((talk.domain, "crm"), now, 1, LEASE), release);
    assert_eq!(due.unwrap().len(), 1);
    let ends = entry(&store, &talk).await.next.unwrap().0;
    assert!(ends - now.0 >= 30_300, "{} ms", ends - now.0);
}

async fn entry(store: &Store, talk: &Talk) -> store::OutboxEntry {
    store
        .outbox_entry(talk.domain, talk.deliveries[0])
        .await
        .unwrap()
        .unwrap()
}
