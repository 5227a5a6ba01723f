//! What came of a trial, for people and for programs.

use crate::table::{NOTHING, printable};
use call::FailureKind;
use gateway::Entry;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::Duration;
use voice::ConnectError;

/// What came of a trial.
#[derive(Default)]
pub(super) struct Account {
    /// From the beginning until the provider had taken the connection; at once where nothing is connected.
    pub(super) connected: Option<Duration>,
    /// From the beginning until it might be spoken to.
    pub(super) ready: Option<Duration>,
    /// What it answered.
    pub(super) asked: Option<Answer>,
    /// What it said word for word, where it can.
    pub(super) said: Option<Answer>,
    failure: Option<Failure>,
}

/// An answer; times are from the question on.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) started: Option<Duration>,
    pub(super) first_text: Option<Duration>,
    pub(super) first_audio: Option<Duration>,
    pub(super) done: Option<Duration>,
    /// How much speech it is.
    pub(super) audio: Duration,
    pub(super) text: String,
}

/// Why an engine did not answer in speech.
pub(super) enum Failure {
    /// It says so.
    Engine { kind: FailureKind, message: String },
    /// An answer has ended without any audio.
    Silent,
    /// It was given up after so long.
    Late(Duration),
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl From<ConnectError> for Failure {
    fn from(ConnectError { kind, message }: ConnectError) -> Self {
        Self::Engine { kind, message }
    }
}

impl Account {
    pub(super) fn end(&mut self, ended: Result<(), Failure>) {
        self.failure = ended.err();
    }

    pub(super) fn is_failure(&self) -> bool {
        self.failure.is_some()
    }

    pub(super) fn print(&self, entry: &Entry, words: &str, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{} ({})", printable(&entry.name), printable(&entry.kind))?;
        line(to, "connected", &length(self.connected))?;
        line(to, "ready", &length(self.ready))?;
        for (what, answer) in [("asked", &self.asked), ("to be said", &self.said)] {
            let Some(answer) = answer else { continue };
            line(to, what, &printable(words))?;
            line(to, "  started", &length(answer.started))?;
            line(to, "  first text", &length(answer.first_text))?;
            line(to, "  first audio", &length(answer.first_audio))?;
            line(to, "  done", &length(answer.done))?;
            line(to, "  audio", &format!("{:.1} s", answer.audio.as_secs_f64()))?;
            line(to, "  words", &printable(or_nothing(&answer.text)))?;
        }
        let Some(failure) = &self.failure else {
            return writeln!(to, "ok");
        };
        writeln!(
            to,
            "failed: {}: {}",
            failure.kind(),
            printable(&self.message(failure))
        )?;
        writeln!(to, "remedy: {}", failure.remedy(&entry.name))
    }

    pub(super) fn object(&self, entry: &Entry, words: &str) -> Value {
        let failure = self.failure.as_ref().map(|failure| {
            json!({
                "kind": failure.kind(),
                "message": self.message(failure),
                "remedy": failure.remedy(&entry.name),
            })
        });
        json!({
            "engine": entry.name,
            "kind": entry.kind,
            "ok": self.failure.is_none(),
            "connected_ms": milliseconds(self.connected),
            "ready_ms": milliseconds(self.ready),
            "words": words,
            "asked": self.asked.as_ref().map(Answer::object),
            "said": self.said.as_ref().map(Answer::object),
            "failure": failure,
        })
    }

    fn message(&self, failure: &Failure) -> String {
        match failure {
            Failure::Engine { message, .. } => message.clone(),
            Failure::Silent => "an answer has ended without any audio".into(),
            Failure::Late(limit) => format!("{} was not there after {} s", self.awaited(), limit.as_secs()),
            Failure::Interrupted => format!("interrupted before {} was there", self.awaited()),
        }
    }

    /// The first step that did not come.
    fn awaited(&self) -> &'static str {
        let steps = |answer: &Option<Answer>| {
            let answer = answer.as_ref()?;
            match answer {
                Answer { started: None, .. } => Some("an answer"),
                Answer {
                    first_audio: None, ..
                } => Some("audio of the answer"),
                Answer { done: None, .. } => Some("the end of the answer"),
                _ => None,
            }
        };
        match self {
            Self { connected: None, .. } => "the connection",
            Self { ready: None, .. } => "the session",
            _ => steps(&self.said)
                .or_else(|| steps(&self.asked))
                .unwrap_or("an answer"),
        }
    }
}

impl Answer {
    fn object(&self) -> Value {
        json!({
            "started_ms": milliseconds(self.started),
            "first_text_ms": milliseconds(self.first_text),
            "first_audio_ms": milliseconds(self.first_audio),
            "done_ms": milliseconds(self.done),
            "audio_ms": milliseconds(Some(self.audio)),
            "text": self.text,
        })
    }
}

impl Failure {
    fn kind(&self) -> &'static str {
        match self {
            Self::Engine { kind, .. } => match kind {
                FailureKind::Unauthorized => "unauthorized",
                FailureKind::Quota => "quota",
                FailureKind::RateLimited => "rate_limited",
                FailureKind::Unsupported => "unsupported",
                FailureKind::Policy => "policy",
                FailureKind::Transient => "transient",
                FailureKind::Protocol => "protocol",
                FailureKind::Expired => "expired",
            },
            Self::Silent => "silent",
            Self::Late(_) => "late",
            Self::Interrupted => "interrupted",
        }
    }

    fn remedy(&self, engine: &str) -> String {
        let table = match engine {
            "openai" => "openai".to_owned(),
            "local" => "chat".to_owned(),
            _ => format!("engines.{engine}"),
        };
        match self {
            Self::Engine { kind, .. } => match kind {
                FailureKind::Unauthorized => {
                    format!("give {table}.api_key a key that the provider takes and that may use this API")
                }
                FailureKind::Quota => "add credit at the provider; until then name another engine first".into(),
                FailureKind::RateLimited => {
                    "try again later, or have the provider raise the limit; a second engine in the secretary's list takes such calls".into()
                }
                FailureKind::Unsupported => {
                    format!("set a model and a voice in [{table}] that the provider has, or leave them out for the usual ones")
                }
                FailureKind::Policy => "ask something else: the provider refuses this content".into(),
                FailureKind::Transient => {
                    format!("try again; if it stays so, look at the address of [{table}], at DNS and at the firewall")
                }
                FailureKind::Protocol => format!("the server does not speak as this kind of engine: look at the address and kind of [{table}]"),
                FailureKind::Expired => "try again: the session had reached its longest life".into(),
            },
            Self::Silent => format!("set a voice in [{table}] that speaks the language, or ask for something that has an answer (--say)"),
            Self::Late(_) => "try again, with a longer --limit if the model is slow; look at DNS and at the firewall".into(),
            Self::Interrupted => "let it end by itself".into(),
        }
    }
}

fn line(to: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(to, "{name:<14}{value}")
}

fn length(time: Option<Duration>) -> String {
    time.map_or(NOTHING.into(), |time| format!("{} ms", time.as_millis()))
}

fn milliseconds(time: Option<Duration>) -> Option<u64> {
    time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { NOTHING } else { text }
}
