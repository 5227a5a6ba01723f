use crate::site::{DAY, HOUR, NOON, SECOND, Site, Talk, domain, on_both};
use store::{Cursor, Filter, StoreError, UnixMs, Usage};

on_both! {
    the_newest_come_first_and_filters_leave_out,
    pages_give_each_once_even_at_the_same_instant,
    a_caller_is_found_by_his_digits,
    usage_counts_what_came_since,
}

async fn the_newest_come_first_and_filters_leave_out(site: Site) {
    let store = site.store().await;
    let domain = domain();
    let talks = [0, 1, 2].map(|hour| Talk::new(domain, NOON + hour * HOUR));
    for talk in &talks {
        store.apply(&talk.entries()).await.unwrap();
    }
    let found = async |since: Option<i64>, until: Option<i64>| {
        let filter = Filter {
            since: since.map(UnixMs),
            until: until.map(UnixMs),
            ..Filter::default()
        };
        let ids: Vec<_> = store.conversations(domain, &filter).await.unwrap();
        ids.into_iter()
            .map(|conversation| talks.iter().position(|talk| talk.id == conversation.id).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(found(None, None).await, [2, 1, 0]);
    assert_eq!(found(Some(NOON + HOUR), None).await, [2, 1]);
    assert_eq!(found(None, Some(NOON + HOUR)).await, [0], "until is not included");
    assert_eq!(found(Some(NOON + HOUR), Some(NOON + HOUR)).await, [0; 0]);
}

async fn pages_give_each_once_even_at_the_same_instant(site: Site) {
    let store = site.store().await;
    let domain = domain();
    for _ in 0..7 {
        store.apply(&Talk::new(domain, NOON).entries()).await.unwrap();
    }
    let all = store.conversations(domain, &Filter::default()).await.unwrap();
    let mut paged = Vec::new();
    let mut before: Option<Cursor> = None;
    loop {
        let filter = Filter {
            limit: 3,
            before,
            ..Filter::default()
        };
        let page = store.conversations(domain, &filter).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        before = Some(last.cursor());
        paged.extend(page);
    }
    assert_eq!((paged.len(), &paged), (7, &all));

    let messages = store.messages(domain, &Filter::default()).await.unwrap();
    let filter = Filter {
        before: Some(messages[3].cursor()),
        ..Filter::default()
    };
    assert_eq!(store.messages(domain, &filter).await.unwrap(), messages[4..]);
}

async fn a_caller_is_found_by_his_digits(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    let other = Talk::new(talk.domain, NOON).by("+55 11 91234-5679");
    let nobody = Talk::new(talk.domain, NOON).by("anonymous");
    for talk in [&talk, &other, &nobody] {
        store.apply(&talk.entries()).await.unwrap();
    }
    let filter = |caller: &str| Filter {
        caller: Some(caller.into()),
        ..Filter::default()
    };
    let found = store
        .conversations(talk.domain, &filter("(55) 11-912345678"))
        .await
        .unwrap();
    assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [talk.id]);
    let found = store
        .messages(talk.domain, &filter("5511912345678"))
        .await
        .unwrap();
    assert_eq!(
        found.iter().map(|found| found.id).collect::<Vec<_>>(),
        [talk.message]
    );
    let refused = store.conversations(talk.domain, &filter("anonymous")).await;
    assert!(matches!(refused, Err(StoreError::NoDigits)), "{refused:?}");
}

async fn usage_counts_what_came_since(site: Site) {
    let store = site.store().await;
    let domain = domain();
    let since = UnixMs(NOON);
    assert_eq!(store.usage(domain, since).await.unwrap(), Usage::default());
    // Yesterday's, one across the border (it takes a minute), one of today, one that goes on, another tenant's.
    let yesterday = Talk::new(domain, NOON - DAY);
    let across = Talk::new(domain, NOON - 45 * SECOND);
    let today = Talk::new(domain, NOON + HOUR);
    let others = Talk::new(crate::site::domain(), NOON + HOUR);
    for talk in [&yesterday, &across, &today, &others] {
        store.apply(&talk.entries()).await.unwrap();
    }
    store
        .apply(&[Talk::new(domain, NOON + 2 * HOUR).began()])
        .await
        .unwrap();
    assert_eq!(
        store.usage(domain, since).await.unwrap(),
        Usage {
            call_ms: 75_000,
            cost_micros: 250_000
        }
    );
}
