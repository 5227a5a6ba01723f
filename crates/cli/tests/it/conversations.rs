//! `voice-ai conversations` and `voice-ai messages` as processes, on a store as the server leaves it.

use crate::server::voice_ai;
use secretary::{CallUuid, DomainUuid, Language, SAMPLE_DOMAIN};
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use store::{
    Began, ConversationId, Delivery, DeliveryId, Ended, Entry, Location, Message, MessageId, MessageKind,
    Said, Speaker, Store, TurnLatency, UnixMs,
};
use tempfile::TempDir;
use uuid::Uuid;

/// Monday, 2 March 2026, noon in UTC.
const NOON: i64 = 1_772_452_800_000;
const MINUTE: i64 = 60_000;
const CALLER: &str = "+55 11 91234-5678";
const OTHER: DomainUuid = DomainUuid::new(Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2222));

/// Two domains with one caller, who calls the first twice and the second once; another call has no end.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(
            site.folder.path().join("voice-ai.toml"),
            format!(
                "[data]\ndir = \"{0}/data\"\n[[domains]]\nuuid = \"{SAMPLE_DOMAIN}\"\nname = \"pbx.example.com\"\n\
                 timezone = \"America/Sao_Paulo\"\n[[domains]]\nuuid = \"{OTHER}\"\nname = \"other.example.com\"\n",
                site.folder.path().display()
            ),
        )
        .unwrap();
        let entries = [
            conversation(1, SAMPLE_DOMAIN, NOON),
            conversation(2, SAMPLE_DOMAIN, NOON + 10 * MINUTE),
            conversation(3, OTHER, NOON),
        ]
        .concat();
        site.tell(&entries);
        let mut crashed = conversation(4, SAMPLE_DOMAIN, NOON + 20 * MINUTE);
        crashed.truncate(1);
        if let Entry::Began(began) = &mut crashed[0] {
            began.caller = Some("\x1b[2Janonymous".into());
        }
        site.tell(&crashed);
        for number in 1..=3 {
            for file in [recording(number), event_log(number)] {
                let file = site.data().join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, "sound").unwrap();
            }
        }
        // The first was made Opus in the meantime.
        let wav = site.data().join(recording(1));
        fs::rename(&wav, wav.with_extension("opus")).unwrap();
        site
    }

    /// What a server tells its store.
    fn tell(&self, entries: &[Entry]) {
        let location = Location::parse("sqlite:voice-ai.db", &self.data()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = Store::open(&location).await.unwrap();
            store.apply(entries).await.unwrap();
            store.close().await;
        });
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        voice_ai(arguments)
            .args([
                "--config",
                &self.folder.path().join("voice-ai.toml").display().to_string(),
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What a command prints that ends well.
    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            errors(&output)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .replace(self.folder.path().to_str().unwrap(), "FOLDER")
    }

    /// What a command says that fails.
    fn failed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{arguments:?}: {}",
            errors(&output)
        );
        errors(&output)
    }

    fn lines(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let printed = self.printed(arguments);
        printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn id(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + (kind << 32) + number)
}

fn recording(number: u128) -> String {
    format!("recordings/{number}.wav")
}

fn event_log(number: u128) -> String {
    format!("recordings/{number}.jsonl")
}

fn conversation(number: u128, domain: DomainUuid, at: i64) -> Vec<Entry> {
    let conversation = ConversationId(id(1, number));
    let call = CallUuid::new(id(2, number));
    let said = |turn: u32, after: i64, speaker, text: &str| Said {
        conversation,
        domain,
        number: turn,
        at: UnixMs(at + after),
        speaker,
        text: Some(text.into()),
        heard_ms: None,
        cut: false,
        latency: None,
    };
    let delivery = |kind, webhook: &str| Delivery {
        id: DeliveryId(id(kind, number)),
        webhook: webhook.into(),
        payload: serde_json::json!({ "conversation": conversation }),
    };
    vec![
        Entry::Began(Began {
            conversation,
            domain,
            call,
            at: UnixMs(at),
            secretary: "provedor".into(),
            language: Language::PtBr,
            engine: "local".into(),
            caller: Some(CALLER.into()),
            caller_name: None,
            dialled: Some("4000".into()),
        }),
        Entry::Said(Said {
            heard_ms: Some(1_240),
            cut: true,
            ..said(1, 2_000, Speaker::Secretary, "Provedor, bom")
        }),
        Entry::Said(said(2, 5_000, Speaker::Caller, "Quero deixar um recado")),
        Entry::Said(Said {
            latency: Some(TurnLatency {
                response_ms: 610,
                endpoint_ms: Some(127),
                stt_ms: Some(420),
                brain_ms: Some(3),
                tts_ms: Some(60),
                leg_ms: Some(5),
                ..TurnLatency::default()
            }),
            ..said(3, 7_500, Speaker::Secretary, "Pois não")
        }),
        Entry::Message(Message {
            id: MessageId(id(3, number)),
            conversation,
            domain,
            call,
            at: UnixMs(at + 30_000),
            kind: MessageKind::Message,
            fields: serde_json::json!({ "for": "financeiro", "text": "A fatura de março veio duas vezes, e uma delas já foi paga" }),
            deliveries: vec![delivery(4, "crm")],
        }),
        Entry::Ended(Ended {
            conversation,
            domain,
            at: UnixMs(at + MINUTE),
            outcome: "caller_hung_up".into(),
            barge_ins: 1,
            cost_micros: 12_500,
            recording: Some(recording(number)),
            event_log: Some(event_log(number)),
            deliveries: vec![],
        }),
    ]
}

fn of(command: &'static [&'static str], domain: &'static str) -> Vec<&'static str> {
    [command, &["--domain", domain]].concat()
}

#[test]
fn lists_and_sheets_are_what_the_documentation_shows() {
    let site = Site::new();
    let list = site.printed(&of(&["conversations", "list"], "pbx.example.com"));
    assert_eq!(list, include_str!("conversations/list.txt"));
    let messages = site.printed(&of(&["messages", "list"], "PBX.example.com"));
    assert_eq!(messages, include_str!("conversations/messages.txt"));
    let shown = id(1, 1).to_string();
    let domain = SAMPLE_DOMAIN.to_string();
    let show = site.printed(&["conversations", "show", &shown, "--domain", &domain]);
    assert_eq!(show, include_str!("conversations/show.txt"));
    let shown = id(3, 1).to_string();
    let show = site.printed(&["messages", "show", &shown, "--domain", &domain]);
    assert_eq!(show, include_str!("conversations/message.txt"));
}

#[test]
fn a_domain_must_be_named_where_there_are_several() {
    let site = Site::new();
    let said = site.failed(&["conversations", "list"]);
    assert!(said.contains("--domain"), "{said}");
    assert!(
        said.contains(&format!(
            "pbx.example.com ({SAMPLE_DOMAIN}), other.example.com ({OTHER})"
        )),
        "{said}"
    );
    let said = site.failed(&["messages", "list", "--domain", "third.example.com"]);
    assert!(said.contains("\"third.example.com\""), "{said}");
}

#[test]
fn what_one_domain_has_no_other_sees() {
    let site = Site::new();
    for command in [["conversations", "show"], ["messages", "show"]] {
        let shown = id(if command[0] == "messages" { 3 } else { 1 }, 1).to_string();
        let said = site.failed(&[&command[..], &[&shown, "--domain", "other.example.com"]].concat());
        assert!(
            said.contains(&format!(
                "other.example.com has no {}",
                command[0].trim_end_matches('s')
            )),
            "{said}"
        );
    }
    let everything = [
        site.printed(&of(&["conversations", "list", "--json"], "other.example.com")),
        site.printed(&of(&["conversations", "export"], "other.example.com")),
        site.printed(&of(&["messages", "list", "--json"], "other.example.com")),
    ]
    .concat();
    assert!(everything.contains(&id(1, 3).to_string()));
    for number in [1, 2, 4] {
        assert!(!everything.contains(&id(1, number).to_string()), "{everything}");
    }
    assert!(!everything.contains(&SAMPLE_DOMAIN.to_string()), "{everything}");
}

#[test]
fn an_export_has_everything_and_filters() {
    let site = Site::new();
    let all = site.lines(&of(&["conversations", "export"], "pbx.example.com"));
    let ids: Vec<_> = all
        .iter()
        .map(|line| line["conversation"]["id"].clone())
        .collect();
    assert_eq!(ids, [4, 2, 1].map(|number| id(1, number).to_string()));
    assert_eq!(all[1]["turns"][1]["text"], "Quero deixar um recado");
    assert_eq!(all[1]["messages"][0]["fields"]["for"], "financeiro");
    assert_eq!(
        all[1]["deliveries"][0]["payload"]["conversation"],
        id(1, 2).to_string()
    );

    let count = |more: &[&str]| {
        let command = [&["conversations", "export", "--domain", "pbx.example.com"], more].concat();
        site.lines(&command).len()
    };
    assert_eq!(count(&["--caller", "5511912345678"]), 2);
    // In the domain's own time, three hours behind.
    assert_eq!(count(&["--since", "2026-03-02T09:05"]), 2);
    assert_eq!(count(&["--until", "2026-03-02T09:05"]), 1);
    assert_eq!(count(&["--since", "2026-03-03"]), 0);
    let said = site.failed(&of(
        &["conversations", "list", "--since", "soon"],
        "pbx.example.com",
    ));
    assert!(said.contains("2026-03-02T08:00"), "{said}");
}

#[test]
fn erasing_takes_rows_and_files_of_this_caller_in_this_domain_alone() {
    let site = Site::new();
    let erase = of(
        &["conversations", "erase", "--caller", "(55) 11 912345678"],
        "pbx.example.com",
    );
    let unasked = site.failed(&erase);
    assert!(unasked.contains("--yes"), "{unasked}");
    assert_eq!(files(&site.data()).len(), 6, "nobody said yes");

    let erased = site.printed(&[&erase[..], &["--yes"]].concat());
    assert_eq!(
        erased,
        "erased of pbx.example.com: 2 conversations, 6 turns, 2 messages, 2 webhooks, 4 files\n"
    );
    assert_eq!(files(&site.data()), ["3.jsonl", "3.wav"]);
    let left = site.lines(&of(&["conversations", "export"], "pbx.example.com"));
    assert_eq!(left.len(), 1, "the one without an end, of somebody else");
    let others = site.lines(&of(&["conversations", "export"], "other.example.com"));
    assert_eq!(others.len(), 1);
    let again = site.printed(&[&erase[..], &["--yes"]].concat());
    assert_eq!(again, "pbx.example.com has nothing to erase of this caller\n");
}

#[test]
fn what_a_process_left_that_died_in_a_call_is_found_and_erased() {
    let site = Site::new();
    let place = site
        .data()
        .join(format!("recordings/{SAMPLE_DOMAIN}/2026-03-02/{}", id(1, 5)));
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    for extension in ["wav.part", "jsonl"] {
        fs::write(place.with_extension(extension), "sound").unwrap();
    }
    let mut crashed = conversation(5, SAMPLE_DOMAIN, NOON);
    crashed.truncate(2);
    if let Entry::Began(began) = &mut crashed[0] {
        began.caller = Some("4711".into());
    }
    site.tell(&crashed);
    let erase = of(
        &["conversations", "erase", "--yes", "--caller", "4711"],
        "pbx.example.com",
    );
    let erased = site.printed(&erase);
    assert!(erased.contains("1 conversation, 1 turn"), "{erased}");
    assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 0);
}

fn files(data: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(data.join("recordings"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn nothing_is_made_where_the_server_has_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let output = voice_ai(&["conversations", "list"])
        .env("VOICE_AI__DATA__DIR", folder.path().join("data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("--config"), "{}", errors(&output));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
