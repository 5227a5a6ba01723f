//! The server is killed at any moment, again and again, and its database goes away: no message that a caller was told was noted is
//! lost, and none is told twice as two.

mod killed;
mod receiver;
mod unreachable;

use crate::server::voice_ai;
use receiver::Receiver;
use sim::openai::{Answer, CALL_ID, Log, Realtime, Script, ToolUse};
use sim::{Act, Call, Line, Manners, Mix, Module, Step, StreamAddress, When};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;
use store::{Filter, Location, Store, StoredMessage};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const DOMAIN: &str = "11111111-2222-4333-8444-555555555555";
/// The store of a server whose configuration names none.
const SQLITE: &str = "sqlite:voice-ai.db";
const SECRET: &str = "s3cret-of-the-crm";

/// What outlives the server: its folder, its engine's provider, and a receiver of webhooks.
struct World {
    folder: TempDir,
    /// The URL of its store.
    store: String,
    provider: Realtime,
    receiver: Receiver,
}

/// One life of the server.
struct Life {
    process: Child,
    calls: SocketAddr,
    control: SocketAddr,
    _log: std::thread::JoinHandle<()>,
}

impl World {
    /// `store` is the URL of its store.
    async fn new(store: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tool = ToolUse::new(
            "take_message",
            &serde_json::json!({ "name": CALL_ID, "message": "às 10h, por favor" }),
        );
        // Each answer of the tool is an invitation to call it again.
        let answers = vec![Answer::tools(vec![tool]); 12];
        let provider = Realtime::start(Script {
            answers,
            ..Script::default()
        })
        .await
        .unwrap();
        let receiver = Receiver::start().await;
        let secretaries = folder.path().join("secretaries");
        std::fs::create_dir(&secretaries).unwrap();
        std::fs::write(
            secretaries.join("desk.toml"),
            format!(
                "domain = \"pbx.example.com\"\nname = \"desk\"\nlanguage = \"en\"\nengine = \"openai\"\ngreeting = {{ text = \"\" }}\n{}",
                "phrases = { reprompts = [], farewell = \"\", apology = \"\", backchannels = [\"uhum\"] }\n"
            ),
        )
        .unwrap();
        let config = format!(
            "server = {{ listen = \"127.0.0.1:0\", control = \"127.0.0.1:0\" }}\nvad.enabled = false\nstt.model = \"\"\n\
             openai = {{ url = {:?}, api_key = {{ env = \"SIM_KEY\" }} }}\ndata.dir = {:?}\nsecretaries.dir = {:?}\nstore.url = {store:?}\n\
             [[domains]]\nuuid = \"{DOMAIN}\"\nname = \"pbx.example.com\"\ndefault_secretary = \"desk\"\n\
             [[webhooks]]\nname = \"crm\"\ndomain = \"pbx.example.com\"\nurl = {:?}\nsecret = {{ env = \"CRM_SECRET\" }}\n\
             events = [\"message\"]\nallow_private = true\n",
            provider.url(),
            folder.path().join("data"),
            secretaries,
            receiver.url(),
        );
        std::fs::write(folder.path().join("voice-ai.toml"), config).unwrap();
        Self {
            folder,
            store: store.into(),
            provider,
            receiver,
        }
    }

    fn config(&self) -> String {
        self.folder.path().join("voice-ai.toml").display().to_string()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn start(&self) -> Life {
        let mut process = voice_ai(&["serve", "--config", &self.config()])
            .env("SIM_KEY", "sk-sim")
            .env("CRM_SECRET", SECRET)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut seen = String::new();
        let mut next = |what: &str, after: &str| -> SocketAddr {
            loop {
                let line = lines
                    .next()
                    .unwrap_or_else(|| panic!("no {what:?}:\n{seen}"))
                    .unwrap();
                seen.push_str(&line);
                if line.contains(what) {
                    let rest = line.split_once(after).unwrap().1;
                    return rest.split('/').next().unwrap().parse().unwrap();
                }
            }
        };
        let calls = next("/stream/{domain_uuid}/{call_uuid}", "ws://");
        let control = next("/metrics", "http://");
        // A full pipe would stop the server.
        let rest = std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Life {
            process,
            calls,
            control,
            _log: rest,
        }
    }

    /// One caller after another, until `enough`.
    async fn callers(server: SocketAddr, enough: CancellationToken) {
        while !enough.is_cancelled() {
            let press = |at| Step {
                when: When::At(Duration::from_millis(at)),
                act: Act::Press('5'),
            };
            let call = Call {
                address: StreamAddress::of_sample_call(server),
                module: Module::Amigniter,
                line: Line::Pcm,
                echo: None,
                mix: Mix::Mono,
                rate: audio::SampleRate::HZ_8000,
                metadata: None,
                script: vec![press(20), press(200)],
                manners: Manners {
                    longest: Duration::from_millis(600),
                    ..Manners::default()
                },
            };
            // A server that is killed meanwhile refuses it, or breaks it off.
            let _account = call.make(&enough, |_| {}).await;
        }
    }

    /// The messages whose callers were told that they were noted: the provider's tool calls that got this answer.
    fn promised(&self) -> BTreeSet<String> {
        promised(&self.provider.log())
    }

    async fn stored(&self) -> Vec<StoredMessage> {
        let location = Location::parse(&self.store, &self.data()).unwrap();
        let store = Store::open_existing(&location).await.unwrap();
        let mut all = Vec::new();
        loop {
            let filter = Filter {
                before: all.last().map(StoredMessage::cursor),
                ..Filter::default()
            };
            let page = store.messages(DOMAIN.parse().unwrap(), &filter).await.unwrap();
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        store.close().await;
        all
    }
}

impl Life {
    /// As `kill -9` does it.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// As an operator does it.
    fn end(mut self) {
        let id = self.process.id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.process.wait().unwrap().success());
    }

    /// What `/health/ready` says of one thing: its state and its detail.
    async fn health(&self, name: &str) -> (String, String) {
        let address = self.control;
        let text = receiver::get(address, "/health/ready").await;
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        let checks = body["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        (
            check["state"].as_str().unwrap().into(),
            check["detail"].as_str().unwrap().into(),
        )
    }
}

fn promised(log: &Log) -> BTreeSet<String> {
    let items = log
        .client("conversation.item.create")
        .into_iter()
        .map(|event| &event["item"]);
    let outputs = items.filter(|item| item["type"] == "function_call_output");
    let noted = outputs.filter(|item| item["output"].as_str().unwrap().contains("\"noted\":true"));
    noted
        .map(|item| item["call_id"].as_str().unwrap().to_owned())
        .collect()
}

fn name(message: &StoredMessage) -> String {
    message.fields["name"].as_str().unwrap().to_owned()
}
