//! The other end of an event socket, moved by hand: answers what every FreeSWITCH answers (bytes as in the captures of 1.10.12) and
//! whatever a test makes it answer, and says what a test makes it say.

use freeswitch::{Password, Settings};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

/// Long enough for the slowest machine; nothing waits so long where all is well.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// How a command is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// `api/response` with this body.
    Api(String),
    /// `command/reply` with this `Reply-Text`.
    Reply(String),
    /// These bytes.
    Bytes(Vec<u8>),
    /// Not at all.
    Silence,
}

type Manner = Box<dyn Fn(&str) -> Option<Answer> + Send>;

#[derive(Default)]
struct World {
    /// The dump of each channel.
    channels: HashMap<String, String>,
    manners: Vec<Manner>,
}

/// A peer on a port of its own.
pub(crate) struct Peer {
    port: u16,
    world: Arc<Mutex<World>>,
    said: broadcast::Sender<Arc<Vec<u8>>>,
    heard: mpsc::UnboundedReceiver<String>,
    connections: Option<tokio::task::JoinHandle<()>>,
}

impl Peer {
    /// Answers with `ClueCon` as password.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener)
    }

    /// The same on a listener of the test's.
    pub(crate) fn on(listener: TcpListener) -> Self {
        let port = listener.local_addr().unwrap().port();
        let world = Arc::new(Mutex::new(World::default()));
        let (said, _) = broadcast::channel(100_000);
        let (hears, heard) = mpsc::unbounded_channel();
        let connections = tokio::spawn(accept(listener, Arc::clone(&world), said.clone(), hears));
        Self {
            port,
            world,
            said,
            heard,
            connections: Some(connections),
        }
    }

    /// How it is reached.
    pub(crate) fn settings(&self) -> Settings {
        settings(self.port)
    }

    /// Has commands answered differently; what was said last comes first.
    pub(crate) fn answer(&self, manner: impl Fn(&str) -> Option<Answer> + Send + 'static) {
        self.world().manners.push(Box::new(manner));
    }

    /// A channel there is, with its dump as JSON.
    pub(crate) fn channel(&self, call: &str, dump: &str) {
        self.world().channels.insert(call.to_owned(), dump.to_owned());
    }

    /// A channel there is no more.
    pub(crate) fn gone(&self, call: &str) {
        self.world().channels.remove(call);
    }

    /// Sends an event, its headers as they stand on the wire.
    pub(crate) fn say(&self, event: &str) {
        self.say_bytes(framed(event).into_bytes());
    }

    /// Sends bytes.
    pub(crate) fn say_bytes(&self, bytes: Vec<u8>) {
        self.said.send(Arc::new(bytes)).unwrap();
    }

    /// Waits for a command that begins so, on any connection.
    pub(crate) async fn heard(&mut self, begin: &str) -> String {
        let found = async {
            loop {
                let command = self.heard.recv().await.expect("the peer hears");
                if command.starts_with(begin) {
                    return command;
                }
            }
        };
        tokio::time::timeout(LONG, found)
            .await
            .unwrap_or_else(|_| panic!("no command that begins with {begin:?}"))
    }

    /// Every command so far that was not waited for.
    pub(crate) fn all_heard(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }

    /// Cuts every connection and listens no more.
    pub(crate) async fn stop(&mut self) {
        if let Some(connections) = self.connections.take() {
            connections.abort();
            let _ = connections.await;
        }
    }

    /// Listens again on the same port, with the same channels.
    pub(crate) async fn start_again(&mut self) {
        let listener = loop {
            // The port is ours but for the moment in which the system still closes what was on it.
            match TcpListener::bind(("127.0.0.1", self.port)).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let (hears, heard) = mpsc::unbounded_channel();
        self.heard = heard;
        self.connections = Some(tokio::spawn(accept(
            listener,
            Arc::clone(&self.world),
            self.said.clone(),
            hears,
        )));
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(connections) = &self.connections {
            connections.abort();
        }
    }
}

/// How a FreeSWITCH on a port of this machine is reached.
pub(crate) fn settings(port: u16) -> Settings {
    Settings {
        name: "main".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        password: Password::new("ClueCon"),
        patience: Duration::from_secs(10),
        longest_pause: Duration::from_millis(200),
    }
}

/// An event with the frame around it.
pub(crate) fn framed(event: &str) -> String {
    let event = format!("{}\n\n", event.trim_end_matches('\n'));
    format!(
        "Content-Length: {}\nContent-Type: text/event-plain\n\n{event}",
        event.len()
    )
}

async fn accept(
    listener: TcpListener,
    world: Arc<Mutex<World>>,
    said: broadcast::Sender<Arc<Vec<u8>>>,
    hears: mpsc::UnboundedSender<String>,
) {
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn(serve(stream, Arc::clone(&world), said.subscribe(), hears.clone()));
    }
}

async fn serve(
    mut stream: TcpStream,
    world: Arc<Mutex<World>>,
    mut said: broadcast::Receiver<Arc<Vec<u8>>>,
    hears: mpsc::UnboundedSender<String>,
) {
    if stream.write_all(b"Content-Type: auth/request\n\n").await.is_err() {
        return;
    }
    let mut read = Vec::new();
    let mut subscribed = false;
    let mut buffer = vec![0; 65_536];
    loop {
        while let Some(end) = find(&read, b"\n\n") {
            let command = String::from_utf8(read.drain(..end + 2).collect()).unwrap();
            let command = command.trim_end().to_owned();
            subscribed |= command.starts_with("event ");
            let answer = answer(&world.lock().unwrap(), &command);
            let _ = hears.send(command);
            let bytes = match answer {
                Answer::Api(body) => format!(
                    "Content-Type: api/response\nContent-Length: {}\n\n{body}",
                    body.len()
                )
                .into_bytes(),
                Answer::Reply(text) => {
                    format!("Content-Type: command/reply\nReply-Text: {text}\n\n").into_bytes()
                }
                Answer::Bytes(bytes) => bytes,
                Answer::Silence => Vec::new(),
            };
            if stream.write_all(&bytes).await.is_err() {
                return;
            }
        }
        tokio::select! {
            count = stream.read(&mut buffer) => match count {
                Ok(0) | Err(_) => return,
                Ok(count) => read.extend_from_slice(&buffer[..count]),
            },
            Ok(bytes) = said.recv() => if subscribed && stream.write_all(&bytes).await.is_err() {
                return;
            },
        }
    }
}

fn answer(world: &World, command: &str) -> Answer {
    if let Some(answer) = world.manners.iter().rev().find_map(|manner| manner(command)) {
        return answer;
    }
    let reply = |text: &str| Answer::Reply(text.to_owned());
    let api = |text: &str| Answer::Api(text.to_owned());
    if let Some(password) = command.strip_prefix("auth ") {
        return if password == "ClueCon" {
            reply("+OK accepted")
        } else {
            Answer::Bytes(WRONG_PASSWORD.as_bytes().to_vec())
        };
    }
    let Some(line) = command.strip_prefix("api ") else {
        return reply("+OK");
    };
    let mut words = line.split(' ');
    match (words.next(), words.next()) {
        (Some("version"), _) => api("FreeSWITCH Version 1.10.12-release~64bit ( 64bit)\n"),
        (Some("uptime"), _) => api("118\n"),
        (Some("show"), _) => Answer::Api(listing(world)),
        (Some("uuid_exists"), Some(call)) => api(if world.channels.contains_key(call) {
            "true"
        } else {
            "false"
        }),
        (Some("uuid_dump"), Some(call)) => match world.channels.get(call) {
            Some(dump) => api(dump),
            None => api("-ERR No such channel!\n"),
        },
        (Some("sched_del"), _) => api("+OK Deleted: 0\n"),
        _ => api("+OK\n"),
    }
}

fn listing(world: &World) -> String {
    let rows: Vec<_> = world
        .channels
        .iter()
        .map(|(call, dump)| {
            let dump: serde_json::Value = serde_json::from_str(dump).unwrap();
            serde_json::json!({
                "uuid": call,
                "state": dump["Channel-State"],
                "application": dump["variable_current_application"],
            })
        })
        .collect();
    serde_json::json!({ "row_count": rows.len(), "rows": rows }).to_string() + "\n"
}

/// As FreeSWITCH 1.10.12 answers a wrong password.
const WRONG_PASSWORD: &str = "Content-Type: command/reply\nReply-Text: -ERR invalid\n\n\
    Content-Type: text/disconnect-notice\nContent-Length: 67\n\n\
    Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
