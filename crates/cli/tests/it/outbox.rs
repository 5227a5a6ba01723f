//! `voice-ai outbox` as an operator uses it: what was given up is seen, understood and sent again, domain by domain.

use crate::server::voice_ai;
use secretary::{CallUuid, DomainUuid};
use std::process::Output;
use std::time::Duration;
use store::{
    ConversationId, Delivery, DeliveryId, Entry, Location, Message, MessageId, MessageKind, Store, UnixMs,
};
use tempfile::TempDir;

const ONE: &str = "11111111-2222-4333-8444-555555555555";
const OTHER: &str = "99999999-2222-4333-8444-555555555555";
const NOON: UnixMs = UnixMs(1_772_452_800_000);

/// A store where each of two domains has one delivery that was given up.
struct Desk {
    folder: TempDir,
    one: DeliveryId,
    other: DeliveryId,
}

impl Desk {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "data.dir = {:?}\n[[domains]]\nuuid = \"{ONE}\"\nname = \"one.example.com\"\n[[domains]]\nuuid = \"{OTHER}\"\nname = \"other.example.com\"\n",
            folder.path()
        );
        std::fs::write(folder.path().join("voice-ai.toml"), config).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (one, other) = runtime.block_on(async {
            let store = Store::open(&Location::parse("sqlite:voice-ai.db", folder.path()).unwrap())
                .await
                .unwrap();
            let ids = (given_up(&store, ONE).await, given_up(&store, OTHER).await);
            store.close().await;
            ids
        });
        Self { folder, one, other }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let config = self.folder.path().join("voice-ai.toml").display().to_string();
        voice_ai(&["outbox"])
            .args(arguments)
            .args(["--config", &config])
            .output()
            .unwrap()
    }

    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            !output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8(output.stderr).unwrap()
    }
}

async fn given_up(store: &Store, domain: &str) -> DeliveryId {
    let id = DeliveryId::random();
    let domain: DomainUuid = domain.parse().unwrap();
    let message = Message {
        id: MessageId::random(),
        conversation: ConversationId::random(),
        domain,
        call: "aaaaaaaa-bbbb-4ccc-8ddd-000000000001"
            .parse::<CallUuid>()
            .unwrap(),
        at: NOON,
        kind: MessageKind::Message,
        fields: serde_json::json!({ "name": "Ana" }),
        deliveries: vec![Delivery {
            id,
            webhook: "crm".into(),
            payload: serde_json::json!({ "event": "message", "id": id, "data": { "name": "Ana\u{9b}2J" } }),
        }],
    };
    store.apply(&[Entry::Message(message)]).await.unwrap();
    let due = store
        .due((domain, "crm"), NOON, 1, Duration::from_secs(20))
        .await
        .unwrap();
    store
        .bury(&due[0], NOON, "the receiver answered 410 Gone")
        .await
        .unwrap();
    id
}

#[test]
fn what_was_given_up_is_listed_shown_and_sent_again() {
    let desk = Desk::open();
    let id = desk.one.to_string();
    let one = ["--domain", "one.example.com"];
    let list = desk.printed(&["list", "--state", "dead", one[0], one[1]]);
    for told in ["WEBHOOK", "crm", "message", "dead", "410 Gone", &id] {
        assert!(list.contains(told), "no {told:?}:\n{list}");
    }
    let show = desk.printed(&["show", &id, one[0], one[1]]);
    assert!(
        show.contains("dead, tried 1 times") && show.contains("410 Gone"),
        "{show}"
    );
    assert!(!show.contains('\u{9b}'), "a terminal would obey it: {show}");
    assert_eq!(
        desk.printed(&["retry", &id, one[0], one[1]]),
        "1 deliveries of one.example.com are sent again by the server\n"
    );
    let waiting = desk.printed(&["list", "--json", "--state", "waiting", one[0], one[1]]);
    let waiting: serde_json::Value = serde_json::from_str(&waiting).unwrap();
    assert_eq!(waiting[0]["id"], id);
    assert_eq!(waiting[0]["state"], "waiting");
    let refused = desk.refused(&["retry", &id, one[0], one[1]]);
    assert!(refused.contains("is waiting"), "{refused}");
}

#[test]
fn a_domain_sees_its_own_alone() {
    let desk = Desk::open();
    let (one, other) = (desk.one.to_string(), desk.other.to_string());
    let several = desk.refused(&["list"]);
    assert!(
        several.contains("--domain") && several.contains("other.example.com"),
        "{several}"
    );
    let list = desk.printed(&["list", "--domain", ONE]);
    assert!(list.contains(&one) && !list.contains(&other), "{list}");
    for command in ["show", "retry"] {
        let refused = desk.refused(&[command, &other, "--domain", ONE]);
        assert!(refused.contains("has no delivery"), "{refused}");
    }
    desk.printed(&["retry", "--all", "--domain", ONE]);
    let left = desk.printed(&["list", "--state", "dead", "--domain", OTHER]);
    assert!(left.contains(&other), "{left}");
}
