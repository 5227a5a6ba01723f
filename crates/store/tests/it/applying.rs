use crate::site::{NOON, SECOND, Site, Talk, WORDS, domain, on_both};
use store::{DeliveryState, Filter, MessageKind, Percentiles, Speaker, TurnLatency, UnixMs};

on_both! {
    what_was_told_is_read_again,
    what_comes_twice_changes_nothing,
    every_order_ends_in_the_same,
    turns_alone_are_a_conversation_without_beginning_and_end,
    a_tenant_is_a_wall_even_where_ids_are_the_same,
}

async fn what_was_told_is_read_again(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&talk.entries()).await.unwrap();

    let sheet = store.conversation(talk.domain, talk.id).await.unwrap().unwrap();
    let conversation = &sheet.conversation;
    assert_eq!(
        (conversation.at, conversation.ended),
        (UnixMs(NOON), Some(UnixMs(NOON + 60 * SECOND)))
    );
    assert_eq!(conversation.call, Some(talk.call));
    assert_eq!(conversation.secretary.as_deref(), Some("provedor"));
    assert_eq!(conversation.language.as_deref(), Some("pt-BR"));
    assert_eq!(conversation.caller.as_deref(), Some("+55 11 91234-5678"));
    // Neither database gets a zero byte: PostgreSQL would refuse it.
    assert_eq!(conversation.caller_name.as_deref(), Some("Zero\u{FFFD}byte"));
    assert_eq!(conversation.dialled, None);
    assert_eq!(conversation.outcome.as_deref(), Some("caller_hung_up"));
    assert_eq!((conversation.barge_ins, conversation.cost_micros), (3, 125_000));

    let [greeted, said] = &sheet.turns[..] else {
        panic!("{:?}", sheet.turns);
    };
    assert_eq!(
        (greeted.speaker, greeted.cut, greeted.heard_ms),
        (Speaker::Secretary, true, Some(1_240))
    );
    assert_eq!(
        greeted.latency.unwrap().tts_ms,
        Some(i64::MAX as u64),
        "what is too much for the database becomes the most that it has"
    );
    let told = TurnLatency {
        response_ms: 410,
        endpoint_ms: Some(200),
        stt_ms: None,
        brain_ms: Some(20),
        token_ms: Some(15),
        tts_ms: Some(i64::MAX as u64),
        engine_ms: Some(190),
        leg_ms: Some(7),
    };
    assert_eq!(greeted.latency, Some(told));
    assert_eq!(said.text.as_deref(), Some(WORDS));
    assert_eq!(
        sheet.latency.response,
        Some(Percentiles {
            count: 1,
            p50: 410,
            p90: 410,
            max: 410
        })
    );
    assert_eq!(sheet.latency.stt, None);
    let latency = sheet.latency;
    let longest =
        [latency.endpoint, latency.token, latency.engine, latency.leg].map(|part| part.map(|part| part.max));
    assert_eq!(longest, [Some(200), Some(15), Some(190), Some(7)]);

    let [message] = &sheet.messages[..] else {
        panic!("{:?}", sheet.messages);
    };
    assert_eq!((message.id, message.kind), (talk.message, MessageKind::Callback));
    let (found, deliveries) = store.message(talk.domain, talk.message).await.unwrap().unwrap();
    assert_eq!(&found, message);
    assert_eq!(found.fields["words"], WORDS);
    assert_eq!(found.fields["zero"], "\0");
    let [delivery] = &deliveries[..] else {
        panic!("{deliveries:?}");
    };
    assert_eq!(
        (delivery.id, delivery.state),
        (talk.deliveries[0], DeliveryState::Waiting)
    );
    assert_eq!(delivery.message, Some(talk.message));
}

async fn what_comes_twice_changes_nothing(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&talk.entries()).await.unwrap();
    let due = store
        .due(
            (talk.domain, "crm"),
            UnixMs(NOON + 60 * SECOND),
            10,
            std::time::Duration::from_secs(30),
        )
        .await
        .unwrap();
    for due in &due {
        store.delivered(due, UnixMs(NOON + 61 * SECOND)).await.unwrap();
    }
    let before = everything(&store, &talk).await;
    assert_eq!(due.len(), 2);

    let mut again = talk.clone();
    again.caller = "0000";
    again.at += 5;
    store.apply(&again.entries()).await.unwrap();
    store.apply(&talk.entries()).await.unwrap();
    assert_eq!(everything(&store, &talk).await, before);
}

async fn every_order_ends_in_the_same(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&talk.entries()).await.unwrap();
    let in_order = everything(&store, &talk).await;
    for order in orders(5) {
        // The same ids in another domain: another tenant's, so nothing is there yet.
        let mut other = talk.clone();
        other.domain = domain();
        let entries = other.entries();
        for number in &order {
            store.apply(&entries[*number..=*number]).await.unwrap();
        }
        let found = everything(&store, &other).await;
        let found = found.replace(&other.domain.to_string(), &talk.domain.to_string());
        assert_eq!(found, in_order, "{order:?}");
    }
}

async fn turns_alone_are_a_conversation_without_beginning_and_end(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&[talk.said()]).await.unwrap();
    store.apply(&[talk.greeted()]).await.unwrap();
    let found = store
        .conversations(talk.domain, &Filter::default())
        .await
        .unwrap();
    let [conversation] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(conversation.at, UnixMs(NOON + 5 * SECOND));
    assert_eq!((conversation.ended, &conversation.secretary), (None, &None));
    let sheet = store.conversation(talk.domain, talk.id).await.unwrap().unwrap();
    assert_eq!(sheet.turns.len(), 2);
}

async fn a_tenant_is_a_wall_even_where_ids_are_the_same(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    let mut other = talk.clone();
    other.domain = domain();
    other.caller = "+55 21 3333-4444";
    store.apply(&talk.entries()).await.unwrap();

    let nobody = everything(&store, &other).await;
    assert!(!nobody.contains(&talk.id.to_string()), "{nobody}");
    assert!(store.message(other.domain, talk.message).await.unwrap().is_none());
    assert!(
        store
            .outbox_entry(other.domain, talk.deliveries[0])
            .await
            .unwrap()
            .is_none()
    );

    store.apply(&other.entries()).await.unwrap();
    let own = store.conversation(talk.domain, talk.id).await.unwrap().unwrap();
    let others = store.conversation(other.domain, talk.id).await.unwrap().unwrap();
    assert_eq!(own.conversation.caller.as_deref(), Some("+55 11 91234-5678"));
    assert_eq!(others.conversation.caller.as_deref(), Some("+55 21 3333-4444"));
    assert_eq!((own.turns.len(), others.turns.len()), (2, 2));
}

/// All that the domain of a talk has, as one text.
async fn everything(store: &store::Store, talk: &Talk) -> String {
    let all = Filter::default();
    serde_json::to_string_pretty(&serde_json::json!({
        "conversations": store.conversations(talk.domain, &all).await.unwrap(),
        "messages": store.messages(talk.domain, &all).await.unwrap(),
        "outbox": store.outbox(talk.domain, None, 100).await.unwrap(),
        "sheet": store.conversation(talk.domain, talk.id).await.unwrap(),
    }))
    .unwrap()
}

/// Every fifth of the orders of so many things, and the reverse.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![vec![]];
    for number in 0..count {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut order = order.clone();
                    order.insert(place, number);
                    order
                })
            })
            .collect();
    }
    orders
        .into_iter()
        .step_by(5)
        .chain([(0..count).rev().collect()])
        .collect()
}
