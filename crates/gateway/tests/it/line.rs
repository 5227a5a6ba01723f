//! A node of its own for each test, and a line into it.

use crate::replays::Folder;
use futures_util::{SinkExt, StreamExt};
use gateway::{Config, Gateway, Running};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use voice::Engine;

pub(crate) const DOMAIN: &str = "11111111-2222-4333-8444-555555555555";
/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(10);

/// A secretary for a test.
pub(crate) struct Wanted {
    name: String,
    engines: Vec<String>,
    script: String,
    greeting: String,
    apology: String,
    recording: &'static str,
    limits: String,
    max_calls: u32,
    more: String,
}

/// A silent secretary on this engine.
pub(crate) fn secretary(name: &str, engine: &str) -> Wanted {
    Wanted {
        name: name.into(),
        engines: vec![engine.into()],
        script: String::new(),
        greeting: String::new(),
        apology: String::new(),
        recording: "off",
        limits: String::new(),
        max_calls: 10,
        more: String::new(),
    }
}

impl Wanted {
    pub(crate) fn max_calls(self, max_calls: u32) -> Self {
        Self { max_calls, ..self }
    }

    /// With another engine that takes over from those before it.
    pub(crate) fn then(mut self, engine: &str) -> Self {
        self.engines.push(engine.into());
        self
    }

    pub(crate) fn script(self, script: &str) -> Self {
        Self {
            script: script.into(),
            ..self
        }
    }

    pub(crate) fn greeting(self, greeting: &str) -> Self {
        Self {
            greeting: greeting.into(),
            ..self
        }
    }

    pub(crate) fn apology(self, apology: &str) -> Self {
        Self {
            apology: apology.into(),
            ..self
        }
    }

    /// With a limit besides, such as `answer_ms = 3000`.
    pub(crate) fn limit(self, limit: &str) -> Self {
        Self {
            limits: format!(", {limit}"),
            ..self
        }
    }

    /// With these lines of TOML besides.
    pub(crate) fn with(self, lines: &str) -> Self {
        Self {
            more: lines.into(),
            ..self
        }
    }

    /// Its calls are recorded.
    pub(crate) fn recorded(self) -> Self {
        Self {
            recording: "on",
            ..self
        }
    }

    /// Its calls are recorded once the caller was told.
    pub(crate) fn announced(self) -> Self {
        Self {
            recording: "announce",
            ..self
        }
    }

    /// Its file.
    pub(crate) fn file(&self) -> String {
        let Self {
            name,
            engines,
            script,
            greeting,
            apology,
            recording,
            limits,
            more,
            ..
        } = self;
        let facts = facts(script);
        format!(
            r#"
name = {name:?}
language = "en"
engine = {engines:?}
script = {script:?}
greeting = {{ text = {greeting:?} }}
phrases = {{ reprompts = [], farewell = "", apology = {apology:?}, backchannels = ["uhum"], recording_notice = "This call is recorded, as you should know." }}
limits = {{ silence_ms = 0{limits} }}
privacy = {{ recording = {recording:?}, transcript = true }}
{more}
{facts}
"#
        )
    }
}

/// The facts that a sample's script says, from the sample's own secretary.
fn facts(script: &str) -> String {
    if script != "isp" {
        return String::new();
    }
    let sample: toml::Table = include_str!("../../../../samples/isp.toml")
        .parse()
        .expect("TOML");
    let facts = toml::Table::from_iter([("facts".to_owned(), sample["facts"].clone())]);
    toml::to_string(&facts).expect("TOML")
}

/// A gateway on ports of its own.
pub(crate) struct Node {
    running: Running,
    folder: Folder,
}

impl Node {
    /// `keys` are lines of dotted keys.
    pub(crate) async fn start(wanted: Wanted, keys: &str) -> Self {
        Self::start_with(wanted, &format!("vad.enabled = false\n{keys}"), []).await
    }

    /// The same, with environment variables and with the ear, unless the keys say otherwise.
    pub(crate) async fn start_with<const N: usize>(
        wanted: Wanted,
        keys: &str,
        environment: [(&str, &str); N],
    ) -> Self {
        Self::launch(&[&wanted], keys, environment, Vec::new()).await
    }

    /// A node with an engine of the test's own in the place of ours, and a secretary of the engine's name on it. No ear.
    pub(crate) async fn start_beside(wanted: Wanted, engine: Arc<dyn Engine>) -> Self {
        let beside = secretary(engine.name(), engine.name());
        Self::launch(&[&wanted, &beside], "vad.enabled = false", [], vec![engine]).await
    }

    /// With all of that, and engines of the test's own.
    pub(crate) async fn launch<const N: usize>(
        secretaries: &[&Wanted],
        keys: &str,
        environment: [(&str, &str); N],
        engines: Vec<Arc<dyn Engine>>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for one in secretaries {
            std::fs::write(folder.path().join(format!("{}.toml", one.name)), one.file())
                .expect("a secretary");
        }
        let text = format!(
            "{keys}\nserver.listen = \"127.0.0.1:0\"\nserver.control = \"127.0.0.1:0\"\nstt.model = \"\"\n\
             data.dir = {:?}\nsecretaries.dir = {:?}\n[[domains]]\nuuid = \"{DOMAIN}\"\nname = \"pbx.example.com\"\ndefault_secretary = \"{}\"\n\
             max_calls = {}\n",
            folder.path(),
            folder.path(),
            secretaries[0].name,
            secretaries[0].max_calls
        );
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::parse(Some(("test.toml", &text)), environment).expect("a configuration");
        let running = Gateway::start_with(config, engines).await.expect("a gateway");
        Self {
            running,
            folder: Folder(folder),
        }
    }

    /// The folder of its secretaries.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Reads its secretaries again.
    pub(crate) async fn reload(&self) -> Result<String, Vec<String>> {
        self.running.reload().now().await
    }

    pub(crate) fn control_addr(&self) -> std::net::SocketAddr {
        self.running.control_addr()
    }

    pub(crate) fn stream_addr(&self) -> std::net::SocketAddr {
        self.running.stream_addr()
    }

    pub(crate) fn metrics(&self) -> String {
        self.running.metrics().text().expect("metrics")
    }

    /// Waits until no call lives.
    pub(crate) async fn ends_empty(&self) {
        self.shows("voice_ai_calls_live 0").await;
    }

    /// Waits until a stream's loss has been seen.
    pub(crate) async fn detached(&self) {
        self.shows("voice_ai_calls_detached_total 1").await;
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

    /// Asks the node to end, and waits until it refuses calls for it.
    pub(crate) async fn drain(&self) {
        self.running.shutdown().drain();
    }

    /// Ends it and all its calls. What it leaves.
    pub(crate) async fn closed(self) -> Folder {
        self.running.shutdown().now();
        timeout(LIMIT, self.running.wait())
            .await
            .expect("the gateway ends");
        self.folder
    }

    pub(crate) async fn ended(self) {
        timeout(LIMIT, self.running.wait())
            .await
            .expect("the gateway ends");
    }
}

/// A stream as a module opens it.
pub(crate) struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: VecDeque<i16>,
    controls: VecDeque<serde_json::Value>,
}

impl Line {
    pub(crate) async fn open(node: &Node, call: &str) -> Self {
        Self::try_open(node, call).await.expect("a stream")
    }

    /// A stream that is open already.
    pub(crate) fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self {
            socket,
            heard: VecDeque::new(),
            controls: VecDeque::new(),
        }
    }

    /// The stream, or the HTTP status of its refusal.
    pub(crate) async fn try_open(node: &Node, call: &str) -> Result<Self, u16> {
        let address = format!("ws://{}/stream/{DOMAIN}/{call}", node.running.stream_addr());
        let answered = timeout(LIMIT, tokio_tungstenite::connect_async(address))
            .await
            .unwrap_or_else(|_| panic!("the node answers no stream's request\n{}", node.metrics()));
        match answered {
            Ok((socket, _)) => Ok(Self::over(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.expect("the stream takes it");
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn audio_bytes(&mut self, bytes: &[u8]) {
        self.send(Message::binary(bytes.to_vec())).await;
    }

    /// Real time passes, and what comes meanwhile is kept.
    pub(crate) async fn pace(&mut self, time: Duration) {
        let _ = timeout(time, async {
            loop {
                self.take_one().await;
            }
        })
        .await;
    }

    /// The next samples heard.
    pub(crate) async fn samples(&mut self, count: usize) -> Vec<i16> {
        let mut last = Instant::now();
        while self.heard.len() < count {
            let had = self.heard.len();
            self.take_one_by(last + LIMIT, "audio").await;
            if self.heard.len() > had {
                last = Instant::now();
            }
        }
        self.heard.drain(..count).collect()
    }

    /// The next text frame of that type.
    pub(crate) async fn control(&mut self, kind: &str) -> serde_json::Value {
        let mut last = Instant::now();
        loop {
            while let Some(control) = self.controls.pop_front() {
                if control["type"] == kind {
                    return control;
                }
                if control["type"] != "alive" {
                    last = Instant::now();
                }
            }
            let had = self.heard.len();
            self.take_one_by(last + LIMIT, kind).await;
            if self.heard.len() > had {
                last = Instant::now();
            }
        }
    }

    /// A stream is asked every second whether it is there, and told that it is carried: that must not put off the end of a wait.
    async fn take_one_by(&mut self, until: Instant, awaited: &str) {
        timeout_at(until, self.take_one()).await.unwrap_or_else(|_| {
            panic!(
                "no {awaited} comes: {} samples and {:?} came",
                self.heard.len(),
                self.controls
            )
        });
    }

    async fn take_one(&mut self) {
        match self
            .socket
            .next()
            .await
            .expect("the stream goes on")
            .expect("the stream holds")
        {
            Message::Binary(bytes) => {
                self.heard.extend(
                    bytes
                        .chunks_exact(2)
                        .map(|pair| i16::from_le_bytes([pair[0], pair[1]])),
                );
            }
            Message::Text(text) => self
                .controls
                .push_back(serde_json::from_str(&text).expect("JSON")),
            _ => {}
        }
    }

    /// Says good-bye, as both builds do at a hang-up.
    pub(crate) async fn hang_up(mut self) {
        let close = tungstenite::protocol::CloseFrame {
            code: tungstenite::protocol::frame::coding::CloseCode::Normal,
            reason: "".into(),
        };
        self.send(Message::Close(Some(close))).await;
        while let Ok(Some(Ok(_))) = timeout(LIMIT, self.socket.next()).await {}
    }

    /// Sends silence at the pace of speech until the other end is gone.
    pub(crate) async fn speaks_until_cut_off(mut self) {
        let cut_off = async {
            while self.socket.send(Message::binary(vec![0; 640])).await.is_ok() {
                let next = timeout(Duration::from_millis(20), self.socket.next()).await;
                if matches!(next, Ok(None | Some(Err(_)))) {
                    return;
                }
            }
        };
        timeout(LIMIT, cut_off).await.expect("the stream ends");
    }

    /// The network is gone.
    pub(crate) fn lose(self) {
        drop(self);
    }
}
