//! A node with two tenants of two secretaries each, whose store can be looked into.

use crate::replays::Folder;
use futures_util::{SinkExt, StreamExt};
use gateway::{Config, Gateway, Running};
use secretary::DomainUuid;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Conversation, ConversationSheet, Filter, Location, Store};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use voice::Engine;

pub(crate) const NORTH: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const SOUTH: &str = "99999999-2222-4333-8444-555555555555";
pub(crate) const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(10);

/// A domain's keys beside its name, UUID and default secretary.
#[derive(Default)]
pub(crate) struct Keys {
    /// Of the whole node.
    pub(crate) node: String,
    /// Of the first domain.
    pub(crate) north: String,
    /// Lines of every secretary's file, after the tables' first lines.
    pub(crate) secretary: String,
    /// The script `talk.yaml` beside them.
    pub(crate) script: String,
}

pub(crate) struct Estate {
    pub(crate) running: Running,
    folder: Folder,
}

impl Estate {
    /// Secretaries `ana` and `rui` in the north, `eva` and `leo` in the south, all on this engine.
    pub(crate) async fn start(engine: &str, own: Option<Arc<dyn Engine>>, keys: &Keys) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("secretaries");
        std::fs::create_dir(&files).unwrap();
        std::fs::write(files.join("talk.yaml"), &keys.script).unwrap();
        for (domain, name) in [
            ("north", "ana"),
            ("north", "rui"),
            ("south", "eva"),
            ("south", "leo"),
        ] {
            let text = format!(
                "domain = \"{domain}.example.com\"\nname = {name:?}\nlanguage = \"en\"\nengine = {engine:?}\n\
                 limits = {{ silence_ms = 0 }}\ngreeting = {{ text = \"\" }}\n\
                 phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [\"uhum\"] }}\n{}\n",
                keys.secretary
            );
            std::fs::write(files.join(format!("{name}.toml")), text).unwrap();
        }
        let text = format!(
            "{}\nserver.listen = \"127.0.0.1:0\"\nserver.control = \"127.0.0.1:0\"\nstt.model = \"\"\nvad.enabled = false\n\
             data.dir = {:?}\nsecretaries.dir = {files:?}\n\
             [[domains]]\nuuid = \"{NORTH}\"\nname = \"north.example.com\"\ndefault_secretary = \"ana\"\n{}\n\
             [[domains]]\nuuid = \"{SOUTH}\"\nname = \"south.example.com\"\ndefault_secretary = \"eva\"\n",
            keys.node,
            folder.path().join("data"),
            keys.north,
        );
        let environment = [("VOICE_AI__OPENAI__API_KEY".to_owned(), "sk-test".to_owned())];
        let config = Config::parse(Some(("test.toml", &text)), environment).unwrap();
        let running = Gateway::start_with(config, own.into_iter().collect())
            .await
            .unwrap();
        Self {
            running,
            folder: Folder(folder),
        }
    }

    pub(crate) async fn open(&self, domain: &str, call: &str) -> Phone {
        self.try_open(domain, call).await.unwrap()
    }

    /// The stream, or the refusal's status and body.
    pub(crate) async fn try_open(&self, domain: &str, call: &str) -> Result<Phone, (u16, String)> {
        let address = format!("ws://{}/stream/{domain}/{call}", self.running.stream_addr());
        match tokio_tungstenite::connect_async(address).await {
            Ok((socket, _)) => Ok(Phone(socket)),
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().as_deref().map(String::from_utf8_lossy);
                Err((response.status().as_u16(), body.unwrap_or_default().into_owned()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn metrics(&self) -> String {
        self.running.metrics().text().unwrap()
    }

    /// The folder of what it keeps.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn control(&self) -> SocketAddr {
        self.running.control_addr()
    }

    /// Waits until the metrics have this line.
    pub(crate) async fn shows(&self, line: &str) {
        let shown = async {
            while !self.metrics().contains(line) {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, shown)
            .await
            .unwrap_or_else(|_| panic!("never: {line}\n{}", self.metrics()));
    }

    /// Ends the node, which carries all that calls told into the store, and opens that.
    pub(crate) async fn closed(self) -> (Store, Folder) {
        self.running.shutdown().now();
        timeout(LIMIT, self.running.wait())
            .await
            .expect("the gateway ends");
        let location = Location::parse("sqlite:voice-ai.db", &self.folder.path().join("data")).unwrap();
        (Store::open_existing(&location).await.unwrap(), self.folder)
    }
}

/// The conversations of a domain, the newest first.
pub(crate) async fn conversations(store: &Store, domain: &str) -> Vec<Conversation> {
    let domain: DomainUuid = domain.parse().unwrap();
    store.conversations(domain, &Filter::default()).await.unwrap()
}

/// The only conversation of a domain, with all of it.
pub(crate) async fn sheet(store: &Store, domain: &str) -> ConversationSheet {
    let all = conversations(store, domain).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    let sheet = store.conversation(domain.parse().unwrap(), all[0].id).await;
    sheet.unwrap().unwrap()
}

/// A stream as a module opens it.
pub(crate) struct Phone(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Phone {
    pub(crate) async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn audio(&mut self) {
        self.0.send(Message::binary(vec![0; 640])).await.unwrap();
    }

    /// Waits for a text frame of that type.
    pub(crate) async fn control(&mut self, kind: &str) -> serde_json::Value {
        let found = async {
            loop {
                let Message::Text(text) = self.0.next().await.unwrap().unwrap() else {
                    continue;
                };
                let control: serde_json::Value = serde_json::from_str(&text).unwrap();
                if control["type"] == kind {
                    return control;
                }
            }
        };
        timeout(LIMIT, found).await.expect("it comes")
    }

    pub(crate) async fn hang_up(mut self) {
        let close = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.0.send(Message::Close(Some(close))).await.unwrap();
        while let Ok(Some(Ok(_))) = timeout(LIMIT, self.0.next()).await {}
    }
}
