//! Two domains of two secretaries each behind one configuration: every command sees and touches one of them.

use crate::server::voice_ai;
use secretary::{CallUuid, Language};
use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use store::{
    Began, ConversationId, Delivery, DeliveryId, Ended, Entry, Location, Message, MessageId, MessageKind,
    Said, Speaker, Store, UnixMs,
};
use tempfile::TempDir;

const NOON: UnixMs = UnixMs(1_772_452_800_000);
/// One who calls both, over the same channel as far as UUIDs go.
const CALLER: &str = "+5511912345678";
const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";

/// A domain, and what may be seen of it there alone.
struct Domain {
    name: &'static str,
    uuid: &'static str,
    secretaries: [&'static str; 2],
    words: &'static str,
}

const NORTH: Domain = Domain {
    name: "north.example.com",
    uuid: "11111111-2222-4333-8444-555555555555",
    secretaries: ["ana", "rui"],
    words: "a hippopotamus",
};
const SOUTH: Domain = Domain {
    name: "south.example.com",
    uuid: "99999999-2222-4333-8444-555555555555",
    secretaries: ["eva", "leo"],
    words: "some marmalade",
};

/// The ids of what a domain has.
struct Kept {
    conversation: ConversationId,
    message: MessageId,
    delivery: DeliveryId,
}

struct Site {
    folder: TempDir,
    north: Kept,
    south: Kept,
}

impl Site {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("secretaries");
        fs::create_dir(&files).unwrap();
        let mut config = format!(
            "stt.model = \"\"\ndata.dir = {:?}\nsecretaries.dir = {files:?}\n",
            folder.path().join("data")
        );
        for domain in [NORTH, SOUTH] {
            config.push_str(&format!(
                "[[domains]]\nuuid = {:?}\nname = {:?}\ndefault_secretary = {:?}\n",
                domain.uuid, domain.name, domain.secretaries[0]
            ));
            for name in domain.secretaries {
                let text = format!(
                    "domain = {:?}\nname = {name:?}\nlanguage = \"en\"\nengine = \"loopback\"\npersona = \"You sell {}.\"\n\
                     greeting = {{ text = \"\" }}\n\
                     phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n",
                    domain.name, domain.words
                );
                fs::write(files.join(format!("{name}.toml")), text).unwrap();
            }
        }
        fs::write(folder.path().join("voice-ai.toml"), config).unwrap();
        let data = folder.path().join("data");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (north, south) = runtime.block_on(async {
            let location = Location::parse("sqlite:voice-ai.db", &data).unwrap();
            let store = Store::open(&location).await.unwrap();
            let kept = (told(&store, &NORTH).await, told(&store, &SOUTH).await);
            store.close().await;
            kept
        });
        let site = Self { folder, north, south };
        for domain in [NORTH, SOUTH] {
            fs::create_dir_all(site.recording(&domain).parent().unwrap()).unwrap();
            fs::write(site.recording(&domain), "sound").unwrap();
        }
        site
    }

    fn recording(&self, domain: &Domain) -> PathBuf {
        self.folder.path().join("data").join(recording(domain))
    }

    fn run(&self, command: &[&str]) -> Output {
        let config = self.folder.path().join("voice-ai.toml");
        let mut voice_ai = voice_ai(command);
        voice_ai.arg("--config").arg(config).stdin(Stdio::null());
        voice_ai.output().unwrap()
    }

    /// What a command prints of a domain, which it must know.
    fn printed(&self, command: &[&str], domain: &Domain) -> String {
        let output = self.run(&[command, &["--domain", domain.name]].concat());
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn recording(domain: &Domain) -> String {
    format!("recordings/{}/2026-03-02/call.wav", domain.uuid)
}

/// A conversation with a message, of which a webhook would hear nothing.
async fn told(store: &Store, domain: &Domain) -> Kept {
    let kept = Kept {
        conversation: ConversationId::random(),
        message: MessageId::random(),
        delivery: DeliveryId::random(),
    };
    let (uuid, conversation) = (domain.uuid.parse().unwrap(), kept.conversation);
    let call: CallUuid = CALL.parse().unwrap();
    let entries = [
        Entry::Began(Began {
            conversation,
            domain: uuid,
            call,
            at: NOON,
            secretary: domain.secretaries[0].into(),
            language: Language::En,
            engine: "loopback".into(),
            caller: Some(CALLER.into()),
            caller_name: None,
            dialled: None,
        }),
        Entry::Said(Said {
            conversation,
            domain: uuid,
            number: 1,
            at: NOON,
            speaker: Speaker::Caller,
            text: Some(format!("I want {}", domain.words)),
            heard_ms: None,
            cut: false,
            latency: None,
        }),
        Entry::Message(Message {
            id: kept.message,
            conversation,
            domain: uuid,
            call,
            at: NOON,
            kind: MessageKind::Message,
            fields: serde_json::json!({ "message": domain.words }),
            deliveries: vec![Delivery {
                id: kept.delivery,
                webhook: "crm".into(),
                payload: serde_json::json!({ "message": domain.words }),
            }],
        }),
        Entry::Ended(Ended {
            conversation,
            domain: uuid,
            at: UnixMs(NOON.0 + 60_000),
            outcome: "completed".into(),
            barge_ins: 0,
            cost_micros: 0,
            recording: Some(recording(domain)),
            event_log: None,
            deliveries: vec![],
        }),
    ];
    store.apply(&entries).await.unwrap();
    let due = store
        .due((uuid, "crm"), NOON, 1, Duration::from_secs(20))
        .await
        .unwrap();
    store.bury(&due[0], NOON, "410 Gone").await.unwrap();
    kept
}

/// Every command that shows what a domain has, with one of its secretaries and ids.
fn showing(secretary: &str, kept: &Kept) -> Vec<Vec<String>> {
    let (conversation, message, delivery) = (kept.conversation, kept.message, kept.delivery);
    let lists = ["secretaries", "conversations", "messages", "outbox"]
        .map(|of| format!("{of} list"))
        .into_iter();
    let shows = [
        format!("secretaries show {secretary}"),
        format!("conversations show {conversation}"),
        format!("messages show {message}"),
        format!("outbox show {delivery}"),
    ];
    let both = lists.chain(shows);
    let json = both.clone().map(|command| format!("{command} --json"));
    both.chain(json)
        .chain(["conversations export".to_owned()])
        .map(|command| command.split(' ').map(str::to_owned).collect())
        .collect()
}

fn words(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

/// What is seen of a domain by whoever may see it.
fn marks(domain: &Domain, kept: &Kept) -> Vec<String> {
    let ids = [
        kept.conversation.to_string(),
        kept.message.to_string(),
        kept.delivery.to_string(),
    ];
    let of = [domain.name, domain.uuid, domain.words];
    of.map(str::to_owned)
        .into_iter()
        .chain(domain.secretaries.map(|name| format!("{name:?}")))
        .chain(ids)
        .collect()
}

#[test]
fn every_command_shows_and_touches_one_domain_only() {
    let site = Site::open();
    let of = [
        (&NORTH, &site.north, &SOUTH, &site.south),
        (&SOUTH, &site.south, &NORTH, &site.north),
    ];
    for (own, kept, other, others) in of {
        let (own_marks, foreign) = (marks(own, kept), marks(other, others));
        for command in showing(own.secretaries[1], kept) {
            let printed = site.printed(&words(&command), own);
            let named = own.secretaries.iter().any(|name| printed.contains(name));
            assert!(
                named || own_marks.iter().any(|mark| printed.contains(mark)),
                "{command:?} shows nothing: {printed}"
            );
            for mark in &foreign {
                assert!(!printed.contains(mark), "{mark} in {command:?}: {printed}");
            }
        }
        // What is the other one's has no name here.
        for command in showing(other.secretaries[1], others) {
            if command[1] != "show" {
                continue;
            }
            let output = site.run(&[&words(&command)[..], &["--domain", own.name]].concat());
            assert!(
                !output.status.success() && output.stdout.is_empty(),
                "{command:?}: {output:?}"
            );
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                !said.contains(other.words) && !said.contains(other.name),
                "{said}"
            );
        }
    }
}

#[test]
fn what_is_changed_in_one_domain_stays_as_it_was_in_the_other() {
    let site = Site::open();
    let of_south = |site: &Site| {
        let lists = [
            "conversations export",
            "messages list --json",
            "outbox list --json",
        ];
        lists.map(|command| site.printed(&command.split(' ').collect::<Vec<_>>(), &SOUTH))
    };
    let before = of_south(&site);
    assert!(before.iter().all(|list| list.contains(SOUTH.words)), "{before:?}");
    let foreign = site.south.delivery.to_string();
    let refused = site.run(&["outbox", "retry", &foreign, "--domain", NORTH.name]);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(
        site.printed(&["outbox", "retry", "--all"], &NORTH)
            .starts_with("1 deliver")
    );
    let erased = site.printed(&["conversations", "erase", "--yes", "--caller", CALLER], &NORTH);
    assert!(erased.contains("1 conversation, 1 turn"), "{erased}");
    assert_eq!(site.printed(&["conversations", "export"], &NORTH), "");
    assert_eq!(of_south(&site), before);
    assert!(site.recording(&SOUTH).exists() && !site.recording(&NORTH).exists());
}

#[test]
fn no_command_chooses_a_domain_by_itself() {
    let site = Site::open();
    let delivery = site.north.delivery.to_string();
    let changing = [
        format!("conversations erase --yes --caller {CALLER}"),
        format!("outbox retry {delivery}"),
        "outbox retry --all".to_owned(),
    ];
    let changing = changing.map(|command| command.split(' ').map(str::to_owned).collect());
    for command in showing(NORTH.secretaries[0], &site.north)
        .into_iter()
        .chain(changing)
    {
        let output = site.run(&words(&command));
        assert!(
            !output.status.success() && output.stdout.is_empty(),
            "{command:?}: {output:?}"
        );
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("--domain"), "{command:?}: {said}");
    }
    let left = site.printed(&["conversations", "export"], &NORTH);
    assert!(left.contains(NORTH.words), "nothing was erased: {left}");
    let dead = site.printed(&["outbox", "list", "--state", "dead"], &NORTH);
    assert!(dead.contains(&delivery), "nothing is sent again: {dead}");
}
