//! From the outbox of a real store to a real server.

mod documentation;
mod receiver;

use super::{Courier, Outbox, Patience, Webhooks};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::webhooks::WebhookEvent;
use receiver::{Manner, Receiver, Request};
use secretary::{CallUuid, DomainUuid};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use store::{
    ConversationId, Delivery, DeliveryId, DeliveryState, Entry, LateStore, Location, Message, MessageId,
    MessageKind, OutboxEntry, Store, UnixMs,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const DOMAIN: &str = "11111111-2222-4333-8444-555555555555";
const OTHER: &str = "99999999-2222-4333-8444-555555555555";

/// A courier with these webhooks and a store of its own.
struct Site {
    store: Store,
    webhooks: Webhooks,
    metrics: Metrics,
    carried: watch::Sender<u64>,
    stopped: CancellationToken,
    _folder: TempDir,
}

impl Site {
    /// `webhooks` are names and URLs, in the domain; all may be private.
    async fn start(webhooks: &[(&str, &str)]) -> Self {
        let sections = webhooks
            .iter()
            .map(|(name, url)| section(name, url, "allow_private = true"));
        Self::of(&sections.collect::<String>()).await
    }

    async fn of(sections: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::parse("sqlite:test.db", folder.path()).unwrap();
        let store = Store::open(&location).await.unwrap();
        // Nobody but the courier opens this one.
        let late = LateStore::new(location);
        let (carried, carries) = watch::channel(0);
        let site = Self {
            store,
            webhooks: Webhooks::of(&config(sections)),
            metrics: Metrics::new(),
            carried,
            stopped: CancellationToken::new(),
            _folder: folder,
        };
        let courier = Courier {
            store: late,
            webhooks: site.webhooks.clone(),
            metrics: site.metrics.clone(),
            outbox: Arc::<Outbox>::default(),
            carried: carries,
            patience: Patience {
                first: Duration::from_millis(10),
                longest: Duration::from_millis(50),
                attempts: 3,
                asked: Duration::from_secs(3_600),
            },
        };
        tokio::spawn(courier.run(site.stopped.clone()));
        site
    }

    /// A message that these deliveries go with.
    async fn tell(&self, deliveries: Vec<Delivery>) {
        let message = Message {
            id: MessageId::random(),
            conversation: ConversationId::random(),
            domain: domain(),
            call: "aaaaaaaa-bbbb-4ccc-8ddd-000000000001"
                .parse::<CallUuid>()
                .unwrap(),
            at: UnixMs(1_700_000_000_000),
            kind: MessageKind::Message,
            fields: json!({ "name": "Ana" }),
            deliveries,
        };
        self.store.apply(&[Entry::Message(message)]).await.unwrap();
        self.carried.send_modify(|count| *count += 1);
    }

    /// One delivery to the webhook of that name.
    async fn tell_one(&self, webhook: &str) -> DeliveryId {
        let id = DeliveryId::random();
        let payload =
            json!({ "event": "message", "id": id, "data": { "message": "às 10h: \"liga, por favor\"" } });
        self.tell(vec![Delivery {
            id,
            webhook: webhook.into(),
            payload,
        }])
        .await;
        id
    }

    /// Waits until the delivery is as it should be.
    async fn until(&self, id: DeliveryId, holds: impl Fn(&OutboxEntry) -> bool) -> OutboxEntry {
        let seen = async {
            loop {
                let entry = self.store.outbox_entry(domain(), id).await.unwrap().unwrap();
                if holds(&entry) {
                    return entry;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(20), seen).await {
            Ok(entry) => entry,
            Err(_) => panic!("it is {:?}", self.store.outbox_entry(domain(), id).await),
        }
    }

    async fn settled(&self, id: DeliveryId) -> OutboxEntry {
        self.until(id, |entry| entry.state != DeliveryState::Waiting)
            .await
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stopped.cancel();
    }
}

fn domain() -> DomainUuid {
    DOMAIN.parse().unwrap()
}

fn section(name: &str, url: &str, more: &str) -> String {
    format!(
        "[[webhooks]]\nname = {name:?}\ndomain = \"pbx.example.com\"\nurl = {url:?}\nsecret = {{ env = \"CRM_SECRET\" }}\n{more}\n"
    )
}

fn config(webhooks: &str) -> Config {
    let domains = format!(
        "[[domains]]\nuuid = \"{DOMAIN}\"\nname = \"pbx.example.com\"\n[[domains]]\nuuid = \"{OTHER}\"\nname = \"other.example.com\"\n"
    );
    let text = format!("{domains}{webhooks}");
    Config::parse(
        Some(("test.toml", &text)),
        [("CRM_SECRET".into(), "s3cret-of-the-crm".into())],
    )
    .unwrap()
}

fn keys(requests: &[Request]) -> Vec<&str> {
    requests
        .iter()
        .map(|request| request.header("idempotency-key"))
        .collect()
}

#[tokio::test]
async fn a_receiver_gets_the_payload_to_the_letter_and_can_check_whose_it_is() {
    let receiver = Receiver::start([]).await;
    let site = Site::start(&[("crm", &receiver.url())]).await;
    let id = site.tell_one("crm").await;
    let entry = site.settled(id).await;
    assert_eq!(
        (entry.state, entry.attempts, entry.error),
        (DeliveryState::Delivered, 1, None)
    );
    let requests = receiver.requests(1).await;
    let request = &requests[0];
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&request.body).unwrap(),
        entry.payload
    );
    assert_eq!(request.header("idempotency-key"), id.to_string());
    assert_eq!(request.header("content-type"), "application/json");
    assert!(request.header("user-agent").starts_with("voice-ai/"));
    let seconds: i64 = request.header("x-voice-ai-timestamp").parse().unwrap();
    assert!(
        (super::courier::now().0 / 1_000 - seconds).abs() < 60,
        "{seconds}"
    );
    let expected = super::signature::signature("s3cret-of-the-crm", seconds, &request.body);
    assert_eq!(request.header("x-voice-ai-signature"), expected);
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_key_until_it_is_acknowledged() {
    let receiver = Receiver::start([Manner::Status(500), Manner::Status(503)]).await;
    let site = Site::start(&[("crm", &receiver.url())]).await;
    let id = site.tell_one("crm").await;
    let entry = site.settled(id).await;
    assert_eq!((entry.state, entry.attempts), (DeliveryState::Delivered, 3));
    let requests = receiver.requests(3).await;
    assert_eq!(keys(&requests), vec![id.to_string(); 3]);
    assert!(requests.iter().all(|request| request.body == requests[0].body));
    let metrics = site.metrics.text().unwrap();
    assert!(
        metrics.contains("voice_ai_webhook_attempts_total{result=\"put_off\"} 2"),
        "{metrics}"
    );
    assert!(
        metrics.contains("voice_ai_webhook_attempts_total{result=\"delivered\"} 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn what_never_succeeds_is_given_up_visibly() {
    let receiver = Receiver::start([500, 500, 502].map(Manner::Status)).await;
    let site = Site::start(&[("crm", &receiver.url())]).await;
    let id = site.tell_one("crm").await;
    let entry = site.settled(id).await;
    assert_eq!((entry.state, entry.attempts), (DeliveryState::Dead, 3));
    assert_eq!(entry.error.unwrap(), "the receiver answered 502 Bad Gateway");
    // Until somebody asks for it.
    site.store
        .retry(domain(), store::Retry::One(id), super::courier::now())
        .await
        .unwrap();
    let entry = site.settled(id).await;
    assert_eq!(entry.state, DeliveryState::Delivered);
    assert_eq!(keys(&receiver.requests(4).await), vec![id.to_string(); 4]);
}

#[tokio::test]
async fn an_answer_that_will_not_change_ends_it_at_once() {
    for status in [400, 401, 404, 410, 422] {
        let receiver = Receiver::start([Manner::Status(status)]).await;
        let site = Site::start(&[("crm", &receiver.url())]).await;
        let entry = site.settled(site.tell_one("crm").await).await;
        assert_eq!(
            (entry.state, entry.attempts),
            (DeliveryState::Dead, 1),
            "{status}"
        );
        assert!(entry.error.unwrap().contains(&status.to_string()));
    }
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    for status in [408, 425, 429, 503] {
        let receiver = Receiver::start([Manner::Header(status, "retry-after", "600".into())]).await;
        let site = Site::start(&[("crm", &receiver.url())]).await;
        let id = site.tell_one("crm").await;
        let entry = site.until(id, |entry| entry.error.is_some()).await;
        let ahead = entry.next.unwrap().0 - super::courier::now().0;
        assert!((590_000..=600_000).contains(&ahead), "{status}: {ahead} ms");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start([]).await;
    let receiver = Receiver::start([Manner::Header(307, "location", elsewhere.url())]).await;
    let site = Site::start(&[("crm", &receiver.url())]).await;
    let entry = site.settled(site.tell_one("crm").await).await;
    assert_eq!(entry.state, DeliveryState::Dead);
    assert!(entry.error.unwrap().contains("redirects are not followed"));
    assert!(elsewhere.requests(0).await.is_empty());
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let receiver = Receiver::start([Manner::Endless]).await;
    let site = Site::start(&[("crm", &receiver.url())]).await;
    let entry = site.settled(site.tell_one("crm").await).await;
    assert_eq!(entry.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_holds_up_nobody_else() {
    let slow = Receiver::start(std::iter::repeat_n(Manner::Silent, 100)).await;
    let quick = Receiver::start([]).await;
    let site = Site::start(&[("slow", &slow.url()), ("quick", &quick.url())]).await;
    for _ in 0..30 {
        site.tell_one("slow").await;
    }
    let under_way = slow.requests(4).await.len();
    for _ in 0..10 {
        let entry = site.settled(site.tell_one("quick").await).await;
        assert_eq!(entry.state, DeliveryState::Delivered);
    }
    assert_eq!(
        under_way,
        slow.requests(4).await.len(),
        "more than its few requests went to the slow one"
    );
}

#[tokio::test]
async fn a_receiver_that_may_not_be_private_is_not_even_connected_to() {
    let receiver = Receiver::start([]).await;
    let url = format!("https://localhost:{}/hook?key=hidden", receiver.port);
    let site = Site::of(&section("crm", &url, "allow_private = false")).await;
    let id = site.tell_one("crm").await;
    let entry = site.settled(id).await;
    let error = entry.error.unwrap();
    assert!(
        error.contains("private") && error.contains("allow_private"),
        "{error}"
    );
    assert!(!error.contains("hidden") && !error.contains("s3cret"), "{error}");
    assert!(receiver.requests(0).await.is_empty());
}

#[tokio::test]
async fn what_this_gateway_does_not_know_is_put_off_and_given_up_like_anything_else() {
    let site = Site::start(&[]).await;
    let entry = site.settled(site.tell_one("gone").await).await;
    assert_eq!((entry.state, entry.attempts), (DeliveryState::Dead, 3));
    assert!(entry.error.unwrap().contains("not configured"));
}

#[test]
fn only_the_receivers_of_the_domain_that_want_an_event_are_told() {
    let url = "https://crm.example.com/";
    let elsewhere = section("elsewhere", url, "").replace("pbx.example.com", OTHER);
    let sections = section("all", url, "") + &section("calls", url, "events = [\"call_ended\"]") + &elsewhere;
    let webhooks = Webhooks::of(&config(&sections));
    let told = |domain: &str, event| {
        let deliveries = webhooks.deliveries(domain.parse().unwrap(), event, &json!({ "name": "Ana" }));
        deliveries
            .into_iter()
            .map(|delivery| delivery.webhook)
            .collect::<Vec<_>>()
    };
    assert_eq!(told(DOMAIN, WebhookEvent::Message), ["all"]);
    assert_eq!(told(DOMAIN, WebhookEvent::CallEnded), ["all", "calls"]);
    assert_eq!(told(OTHER, WebhookEvent::Callback), ["elsewhere"]);
    let both = webhooks.deliveries(domain(), WebhookEvent::CallEnded, &json!({ "name": "Ana" }));
    assert_ne!(both[0].id, both[1].id);
    assert_eq!(
        both[0].payload,
        json!({ "version": 1, "event": "call_ended", "id": both[0].id, "domain": DOMAIN, "data": { "name": "Ana" } })
    );
}
