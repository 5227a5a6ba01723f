use crate::site::{DAY, HOUR, NOON, Site, Talk, domain, on_both};
use std::time::Duration;
use store::{Erased, Filter, StoreError, Unfinished, UnixMs};

on_both! {
    a_caller_is_forgotten_whole_and_nobody_else,
    what_is_erased_does_not_come_back,
    a_call_that_may_go_on_stays,
    nothing_is_erased_without_a_digit,
    what_is_older_than_kept_goes_of_this_domain_alone,
    what_is_older_than_kept_goes_in_batches_until_nothing_is_left,
}

const NOW: UnixMs = UnixMs(NOON + 2 * HOUR);

async fn a_caller_is_forgotten_whole_and_nobody_else(site: Site) {
    let store = site.store().await;
    let domain = domain();
    let his = [Talk::new(domain, NOON), Talk::new(domain, NOON + HOUR)];
    let hers = Talk::new(domain, NOON).by("+55 21 3333-4444");
    let elsewhere = Talk::new(crate::site::domain(), NOON);
    for talk in his.iter().chain([&hers, &elsewhere]) {
        store.apply(&talk.entries()).await.unwrap();
    }
    let mut files: Vec<_> = his
        .iter()
        .flat_map(|talk| {
            [
                format!("recordings/{}.wav", talk.id),
                format!("events/{}.jsonl", talk.id),
            ]
        })
        .collect();
    files.sort();
    let expected = Erased {
        conversations: 2,
        turns: 4,
        messages: 2,
        deliveries: 4,
        files,
        unfinished: vec![],
        running: 0,
    };

    let erasable = store.erasable(domain, "5511912345678", NOW).await.unwrap();
    assert_eq!(sorted(erasable), expected);
    assert_eq!(count(&store, &hers).await, 3, "to look erases nothing");

    let erased = store.erase(domain, "+55 (11) 91234 5678", NOW).await.unwrap();
    assert_eq!(sorted(erased), expected);
    assert_eq!(
        (count(&store, &hers).await, count(&store, &elsewhere).await),
        (1, 1)
    );
    assert!(store.conversation(domain, his[0].id).await.unwrap().is_none());
    assert!(store.message(domain, his[0].message).await.unwrap().is_none());
    for left in [domain, elsewhere.domain] {
        let due = store
            .due((left, "crm"), NOW, 100, Duration::from_secs(1))
            .await
            .unwrap();
        assert_eq!(due.len(), 2, "hers, and those of elsewhere: {due:?}");
    }
    let again = store.erase(domain, "5511912345678", NOW).await.unwrap();
    assert!(again.is_nothing(), "{again:?}");
}

async fn what_is_erased_does_not_come_back(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&talk.entries()).await.unwrap();
    store.erase(talk.domain, talk.caller, NOW).await.unwrap();
    // The journal carries again what a crash kept it from forgetting.
    store.apply(&talk.entries()).await.unwrap();
    assert_eq!(count(&store, &talk).await, 0);
    assert_eq!(
        store
            .due((talk.domain, "crm"), NOW, 10, Duration::from_secs(1))
            .await
            .unwrap(),
        []
    );
}

async fn a_call_that_may_go_on_stays(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&[talk.began(), talk.said()]).await.unwrap();
    let erased = store.erase(talk.domain, talk.caller, NOW).await.unwrap();
    assert_eq!((erased.conversations, erased.running), (0, 1));
    assert_eq!(count(&store, &talk).await, 1);
    // A day later its process has died.
    let later = UnixMs(NOON + DAY + 1);
    let erased = store.erase(talk.domain, talk.caller, later).await.unwrap();
    assert_eq!((erased.conversations, erased.running), (1, 0));
    let unfinished = Unfinished {
        conversation: talk.id,
        at: UnixMs(NOON),
    };
    assert_eq!(erased.unfinished, [unfinished], "its files are in no row");
}

async fn nothing_is_erased_without_a_digit(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON).by("anonymous");
    store.apply(&talk.entries()).await.unwrap();
    let refused = store.erase(talk.domain, "anonymous", NOW).await;
    assert!(matches!(refused, Err(StoreError::NoDigits)), "{refused:?}");
    assert_eq!(count(&store, &talk).await, 1);
}

async fn what_is_older_than_kept_goes_of_this_domain_alone(site: Site) {
    let store = site.store().await;
    let domain = domain();
    let old = Talk::new(domain, NOON - 31 * DAY);
    let crashed = Talk::new(domain, NOON - 31 * DAY);
    let young = Talk::new(domain, NOON - 30 * DAY);
    let elsewhere = Talk::new(crate::site::domain(), NOON - 31 * DAY);
    for talk in [&old, &young, &elsewhere] {
        store.apply(&talk.entries()).await.unwrap();
    }
    store.apply(&[crashed.began()]).await.unwrap();
    let purged = store.purge(domain, UnixMs(NOON - 30 * DAY), NOW).await.unwrap();
    assert_eq!((purged.conversations, purged.files.len()), (2, 2));
    assert_eq!(
        (count(&store, &young).await, count(&store, &elsewhere).await),
        (1, 1)
    );
    store.apply(&old.entries()).await.unwrap();
    assert_eq!(count(&store, &old).await, 1, "{:?} is not brought back", old.id);
}

async fn what_is_older_than_kept_goes_in_batches_until_nothing_is_left(site: Site) {
    const TALKS: i64 = 1_203;
    let store = site.store().await;
    let domain = domain();
    let entries: Vec<_> = (0..TALKS)
        .flat_map(|n| {
            let talk = Talk::new(domain, NOON - 31 * DAY + n);
            [talk.began(), talk.ended()]
        })
        .collect();
    store.apply(&entries).await.unwrap();
    let before = UnixMs(NOON - 30 * DAY);

    let purged = store.purge(domain, before, NOW).await.unwrap();
    assert_eq!((purged.conversations, purged.deliveries), (1_203, 1_203));
    let files: std::collections::BTreeSet<_> = purged.files.iter().collect();
    assert_eq!(
        (files.len(), purged.files.len()),
        (2_406, 2_406),
        "every file is told once"
    );
    assert!(store.purge(domain, before, NOW).await.unwrap().is_nothing());
}

#[tokio::test]
async fn what_is_erased_stands_in_no_file_of_sqlite() {
    let site = Site::sqlite();
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&talk.entries()).await.unwrap();
    assert!(stands_somewhere(&site, "91234-5678"));
    store.erase(talk.domain, talk.caller, NOW).await.unwrap();
    assert!(!stands_somewhere(&site, "91234-5678"));
    assert!(!stands_somewhere(&site, "5511912345678"));
    assert!(!stands_somewhere(&site, "DROP TABLE turns; --"));
}

fn stands_somewhere(site: &Site, text: &str) -> bool {
    let files: Vec<_> = std::fs::read_dir(site.folder.path())
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(files.iter().any(|file| file.starts_with(b"SQLite format 3")));
    files
        .iter()
        .any(|file| file.windows(text.len()).any(|window| window == text.as_bytes()))
}

async fn count(store: &store::Store, talk: &Talk) -> usize {
    store
        .conversations(talk.domain, &Filter::default())
        .await
        .unwrap()
        .len()
}

fn sorted(mut erased: Erased) -> Erased {
    erased.files.sort();
    erased
}
