//! A stand-in for services that find words while they are spoken: Deepgram's `/v1/listen` and ElevenLabs' Scribe realtime.
//!
//! It really hears: a word is a stretch of sound whose samples all have one value, its number in the script's vocabulary. So what is
//! missing, doubled or of another turn shows in the words.
//!
//! Sources: PyPI `deepgram-sdk` 7.17 (`listen/v1`) and `elevenlabs` 2.78 (`realtime/`, `types/*_payload.py`); Deepgram, "Finalize", "Audio
//! keep alive" and "Close stream".

mod deepgram;
mod door;
mod scribe;

pub use crate::provider::{Log, Sent, Side};

use crate::provider::{Connection, Out, Server};
use axum::Router;
use axum::routing::get;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Samples of sound between two partial results: 100 ms.
const PARTIAL: usize = 1_600;

/// What the server does.
#[derive(Debug, Clone)]
pub struct Script {
    /// The words; the first is the value 1.
    pub vocabulary: Vec<String>,
    /// The key that it takes.
    pub key: String,
    /// What goes wrong, one connection after the other; nothing on those that follow.
    pub troubles: Vec<Trouble>,
    /// How long a connection may be without sound or a sign of life before Deepgram closes it.
    pub patience: Duration,
}

impl Script {
    /// One with these words, that takes the key of the other services and waits 10 s as Deepgram does.
    pub fn knowing(vocabulary: &[&str]) -> Self {
        Self {
            vocabulary: vocabulary.iter().map(|&word| word.into()).collect(),
            key: super::KEY.into(),
            troubles: Vec::new(),
            patience: Duration::from_secs(10),
        }
    }

    /// The sound of words: 200 ms each, with 40 ms of silence behind. A word that is not in the vocabulary sounds like none.
    pub fn sound(&self, words: &[&str]) -> Vec<i16> {
        let value = |word: &str| {
            let at = self.vocabulary.iter().position(|known| known == word);
            at.map_or(i16::MAX, |at| i16::try_from(at + 1).unwrap_or(i16::MAX))
        };
        words
            .iter()
            .flat_map(|word| [vec![value(word); 3_200], vec![0; 640]].concat())
            .collect()
    }

    /// The words of a sound: of stretches of 20 ms and more.
    fn words(&self, samples: &[i16]) -> String {
        let stretches = samples
            .chunk_by(|a, b| a == b)
            .filter(|stretch| stretch.len() >= 320);
        let word = |stretch: &[i16]| {
            let at = usize::try_from(stretch[0]).ok()?.checked_sub(1)?;
            self.vocabulary.get(at).cloned()
        };
        stretches.filter_map(word).collect::<Vec<_>>().join(" ")
    }
}

/// What goes wrong with a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// It is refused with this status and body.
    Refuse(u16, String),
    /// It is taken, and nothing is ever said on it.
    Silent,
    /// Its first result is this event instead, and it is closed behind it.
    Says(Value),
    /// Its first result is no JSON.
    Malformed,
    /// It breaks at its first result.
    Breaks,
    /// It is closed with this code at its first result.
    Closes(u16),
}

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct LiveServer(Server);

/// What the connections of a server share.
#[derive(Debug, Clone)]
struct Shared {
    script: Arc<Script>,
    troubles: Arc<Mutex<VecDeque<Trouble>>>,
    connection: Connection,
}

impl LiveServer {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> std::io::Result<Self> {
        let troubles = script.troubles.iter().cloned().collect();
        let shared = |connection| Shared {
            script: Arc::new(script),
            troubles: Arc::new(Mutex::new(troubles)),
            connection,
        };
        let routes = |_, connection| {
            Router::new()
                .route("/v1/listen", get(door::deepgram))
                .route("/v1/speech-to-text/realtime", get(door::scribe))
                .with_state(shared(connection))
        };
        Server::start(routes).await.map(Self)
    }

    /// Its address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }

    /// What was said so far. An upgrade stands in it as an event of the type `connect` with its query.
    pub fn log(&self) -> Log {
        self.0.log()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        self.0.until(wanted).await
    }
}

/// The sound that came, and up to where its words were told for good.
#[derive(Debug)]
struct Heard {
    script: Arc<Script>,
    trouble: Option<Trouble>,
    samples: Vec<i16>,
    told: usize,
    /// Up to where they were told so far.
    partial: usize,
}

impl Heard {
    fn new(script: Arc<Script>, trouble: Option<Trouble>) -> Self {
        Self {
            script,
            trouble,
            samples: Vec::new(),
            told: 0,
            partial: 0,
        }
    }

    fn add(&mut self, samples: &[i16]) {
        self.samples.extend_from_slice(samples);
    }

    /// The words since the last that were told for good, where enough came for another partial result.
    fn partial(&mut self) -> Option<String> {
        if self.samples.len() < self.partial + PARTIAL {
            return None;
        }
        self.partial = self.samples.len();
        Some(self.script.words(&self.samples[self.told..]))
    }

    /// Those words for good.
    fn finish(&mut self) -> String {
        let words = self.script.words(&self.samples[self.told..]);
        (self.told, self.partial) = (self.samples.len(), self.samples.len());
        words
    }

    /// A result, or what comes instead.
    fn told(&mut self, result: Value) -> Vec<Out> {
        match self.trouble.take() {
            None | Some(Trouble::Refuse(..)) => vec![Out::Event(result)],
            Some(Trouble::Silent) => {
                self.trouble = Some(Trouble::Silent);
                Vec::new()
            }
            Some(Trouble::Says(event)) => vec![Out::Event(event), Out::Close(1008, String::new())],
            Some(Trouble::Malformed) => vec![Out::Raw("<html>".into())],
            Some(Trouble::Breaks) => vec![Out::Break],
            Some(Trouble::Closes(code)) => vec![Out::Close(code, String::new())],
        }
    }
}
