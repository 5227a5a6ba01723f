//! `voice-ai calls` against a running service on a fake FreeSWITCH: what an operator sees of calls, and does with them.

use crate::server::{Server, voice_ai};
use serde_json::Value;
use sim::freeswitch::{Behaviour, Caller, Dial, FreeSwitch, Heard, Setup, Source};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(30);

const NORTH: &str = "11111111-2222-4333-8444-555555555555";
const SOUTH: &str = "99999999-2222-4333-8444-555555555555";
const NOBODY: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";

const SECRETARY: &str = r#"
language = "en"
engine = "local"
script = "talk.yaml"
greeting = { text = "" }
limits = { silence_ms = 0 }
phrases = { reprompts = [], farewell = "Good-bye.", apology = "", backchannels = [] }
[[destinations]]
name = "Jenny Cole"
number = "2001"
[[destinations]]
name = "Jenny Hart"
number = "2002"
hours = { timezone = "America/New_York", week = {} }
"#;

/// The caller is waited for.
const SCRIPT: &str = r#"
language: en
start: hello
intents:
  sales:
    examples: [I want to buy]
states:
  hello:
    ask: Yes?
    choices:
      - {intent: sales, key: "1", do: [{transfer: {to: "Jenny Cole"}}]}
"#;

/// The folder of a service with two domains, and what it says of its FreeSWITCHes.
pub(crate) fn folder(pbx: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("secretaries");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("talk.yaml"), SCRIPT).unwrap();
    let mut config = format!(
        "vad.enabled = false\nstt.model = \"\"\nstream.echo = \"off\"\ndata.dir = \"data\"\nsecretaries.dir = \"secretaries\"\n\
         pbx = [{pbx}]\n"
    );
    for (uuid, name) in [(NORTH, "north"), (SOUTH, "south")] {
        let domain = format!("{name}.example.com");
        config.push_str(&format!(
            "[[domains]]\nuuid = {uuid:?}\nname = {domain:?}\ndefault_secretary = {name:?}\n"
        ));
        let secretary = format!("domain = {domain:?}\nname = {name:?}\n{SECRETARY}");
        fs::write(files.join(format!("{name}.toml")), secretary).unwrap();
    }
    fs::write(folder.path().join("voice-ai.toml"), config).unwrap();
    folder
}

/// A service in a folder, and its operator.
pub(crate) struct Node {
    _server: Server,
    control: String,
    folder: TempDir,
}

impl Node {
    pub(crate) fn start(folder: TempDir) -> Self {
        let mut server = Server::start_in(folder.path());
        let line = server.until("metrics on http://");
        let after = line.split_once("metrics on http://").unwrap().1;
        let control = after.split('/').next().unwrap().to_owned();
        server.until("voice-ai call");
        Self {
            _server: server,
            control,
            folder,
        }
    }

    pub(crate) fn run(&self, command: &[&str]) -> Output {
        run_in(self.folder.path(), &self.control, command)
    }

    /// What a command prints that must succeed.
    fn printed(&self, command: &[&str]) -> String {
        let output = self.run(command);
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command says that must fail.
    fn refused(&self, command: &[&str]) -> String {
        let output = self.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{command:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Waits until a call is so.
    fn sees(&self, caller: &Caller, key: &str, value: &str) -> Value {
        let begun = Instant::now();
        let uuid = caller.uuid().to_string();
        while begun.elapsed() < LIMIT {
            let output = self.run(&["calls", "show", &uuid, "--domain", "north.example.com", "--json"]);
            if output.status.success() {
                let call: Value = serde_json::from_slice(&output.stdout).unwrap();
                if call[key] == value {
                    return call;
                }
            }
        }
        panic!(
            "never {key} = {value}: {}",
            self.printed(&["calls", "list", "--all", "--json"])
        );
    }
}

fn run_in(folder: &Path, control: &str, command: &[&str]) -> Output {
    voice_ai(command)
        .args(["--config", "voice-ai.toml"])
        .env("VOICE_AI__SERVER__CONTROL", control)
        .current_dir(folder)
        .output()
        .unwrap()
}

async fn fake() -> FreeSwitch {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    fake.extension("2001", Behaviour::NoAnswer);
    fake
}

fn controlled(fake: &FreeSwitch, unicast_port: u16) -> String {
    let port = fake.addr().port();
    format!("{{ name = \"fake\", port = {port}, unicast_port = {unicast_port} }}")
}

/// Ana calls the north.
fn calls(fake: &FreeSwitch) -> Caller {
    fake.caller(Dial {
        variables: vec![("domain_uuid".to_owned(), NORTH.to_owned())],
        ..Dial::default()
    })
}

async fn in_time<T>(what: &str, wanted: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, wanted).await {
        Ok(it) => it,
        Err(_) => panic!("never: {what}"),
    }
}

/// What the caller has heard of us, silence left out.
fn words(caller: &Caller) -> usize {
    let of_us = |heard: &Heard| heard.source == Source::Unicast;
    let heard = caller.heard().into_iter().filter(of_us);
    heard
        .flat_map(|heard| heard.samples)
        .filter(|sample| *sample != 0)
        .count()
}

async fn hears(caller: &Caller, samples: usize) {
    let heard = async {
        while words(caller) < samples {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    in_time("words at the caller's ear", heard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_listed_and_shown_of_one_domain_or_of_all() {
    let fake = fake().await;
    let node = Node::start(folder(&controlled(&fake, 30_000)));
    let caller = calls(&fake);
    let uuid = caller.uuid().to_string();
    node.sees(&caller, "state", "talking");

    let list = node.printed(&["calls", "list", "--domain", "north.example.com"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert!(lines[0].starts_with("FOR"), "{list}");
    for told in ["1000", "north", "talking", "unicast", &uuid] {
        assert!(lines[1].contains(told), "no {told}: {list}");
    }
    let none = node.printed(&["calls", "list", "--domain", "south.example.com"]);
    assert_eq!(none, "no calls of south.example.com\n");
    let all = node.printed(&["calls", "list", "--all"]);
    assert!(all.contains("north.example.com") && all.contains(&uuid), "{all}");
    assert!(node.refused(&["calls", "list"]).contains("--domain"));

    let shown = node.printed(&["calls", "show", &uuid, "--domain", NORTH]);
    for told in [
        "state         talking\n",
        "FreeSWITCH    fake\n",
        "audio         unicast by FreeSWITCH's core, 8000 Hz mono\n",
        "secretary     north (local)\n",
    ] {
        assert!(shown.contains(told), "no {told:?}: {shown}");
    }
    let refused = node.refused(&["calls", "show", &uuid, "--domain", "south.example.com"]);
    assert!(
        refused.contains(&format!("there is no call {uuid}")) && refused.contains("voice-ai calls list"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_speaks_sends_on_and_ends_a_call() {
    let fake = fake().await;
    let node = Node::start(folder(&controlled(&fake, 30_400)));
    let caller = calls(&fake);
    let uuid = caller.uuid().to_string();
    node.sees(&caller, "state", "talking");
    let order = |command: &[&str]| {
        let whole = [
            &["calls", command[0], uuid.as_str()],
            &command[1..],
            &["--domain", "north.example.com"],
        ]
        .concat();
        node.printed(&whole)
    };

    let before = words(&caller);
    let told = order(&["say", "The line will close in five minutes."]);
    assert_eq!(told, format!("call {uuid} hears it at the next pause\n"));
    // Longer than anything that the script says.
    hears(&caller, before + 12_000).await;

    let closed = node.refused(&[
        "calls",
        "transfer",
        &uuid,
        "--to",
        "Jenny Hart",
        "--domain",
        "north.example.com",
    ]);
    assert!(closed.contains("--force"), "{closed}");
    let told = order(&["transfer", "--to", "jenny cole"]);
    assert_eq!(told, format!("call {uuid} goes to Jenny Cole\n"));
    let call = node.sees(&caller, "state", "transferring");
    assert_eq!(call["to"], "Jenny Cole");
    let shown = order(&["show"]);
    assert!(
        shown.contains("state         transferring to Jenny Cole\n"),
        "{shown}"
    );
    let jenny = async {
        loop {
            if let Some(jenny) = fake.called("2001").pop() {
                return jenny;
            }
            tokio::task::yield_now().await;
        }
    };
    in_time("Jenny's phone rings", jenny).await.hang_up();
    node.sees(&caller, "state", "talking");
    assert!(order(&["show"]).contains("last transfer to Jenny Cole: "));

    let before = words(&caller);
    let told = order(&["hangup"]);
    assert_eq!(
        told,
        format!("call {uuid} is ended when the secretary has said good-bye\n")
    );
    in_time("the hang-up", caller.until_hung_up()).await;
    assert!(words(&caller) > before + 2_000, "no good-bye was heard");
    let begun = Instant::now();
    while node.printed(&["calls", "list", "--all"]) != "no calls of any domain\n" {
        assert!(begun.elapsed() < LIMIT, "the call does not end");
    }
    let late = node.refused(&["calls", "hangup", &uuid, "--now", "--domain", "north.example.com"]);
    assert!(late.contains("there is no call"), "{late}");
}

#[test]
fn a_service_that_cannot_be_asked_is_told_with_what_would_help() {
    let folder = folder("");
    let free = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let show = ["calls", "show", NOBODY, "--domain", NORTH];
    let refused = |control: &str, command: &[&str]| {
        let output = run_in(folder.path(), control, command);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for command in [&["calls", "list", "--all"][..], &show, &["pbx", "status"]] {
        let never = refused(&free, command);
        assert!(
            never.contains("control.token") && never.contains("is the service running"),
            "{never}"
        );
    }
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(
        folder.path().join("data/control.token"),
        "of a service that has ended\n",
    )
    .unwrap();
    let gone = refused(&free, &show);
    assert!(
        gone.contains(&free) && gone.contains("is it running?") && gone.contains("server.control"),
        "{gone}"
    );
    let node = Node::start(folder);
    fs::write(node.folder.path().join("data/control.token"), "another\n").unwrap();
    let strange = node.refused(&show);
    assert!(
        strange.contains("the token is not the right one") && strange.contains("--config"),
        "{strange}"
    );
    assert!(!strange.contains("another"), "{strange}");
    // What is no call's UUID is a wrong argument.
    assert_eq!(
        node.run(&["calls", "show", "first", "--domain", NORTH])
            .status
            .code(),
        Some(2)
    );
}
