//! A stand-in for those who serve language models: it streams scripted replies in the language in which it is asked (OpenAI's
//! `/chat/completions`, Anthropic's `/messages`, Gemini's `:streamGenerateContent`), with their faults where a test wants them, and keeps
//! what it was asked.

mod anthropic;
mod chat;
mod gemini;
mod reply;
mod server;

pub use reply::{Ending, Reply};
pub use server::{Asked, LlmServer, Seen};

use serde_json::Value;

/// The language of a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// OpenAI's `/chat/completions`.
    Chat,
    /// Anthropic's `/messages`.
    Anthropic,
    /// Gemini's `:streamGenerateContent?alt=sse`.
    Gemini,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Anthropic, Self::Gemini];

    fn of_path(path: &str) -> Option<Self> {
        match path {
            _ if path.ends_with("/chat/completions") => Some(Self::Chat),
            _ if path.ends_with("/messages") => Some(Self::Anthropic),
            _ if path.ends_with(":streamGenerateContent") => Some(Self::Gemini),
            _ => None,
        }
    }

    /// The path of its API, up to and with the version.
    fn version(self) -> &'static str {
        match self {
            Self::Chat | Self::Anthropic => "/v1",
            Self::Gemini => "/v1beta",
        }
    }

    fn writer(self) -> Box<dyn Writer> {
        match self {
            Self::Chat => Box::new(chat::Chunks),
            Self::Anthropic => Box::new(anthropic::Events::default()),
            Self::Gemini => Box::new(gemini::Chunks::default()),
        }
    }

    /// What of a request the real one would refuse: status and body.
    fn refusal(self, asked: &Asked) -> Option<(u16, Value)> {
        match self {
            Self::Chat => None,
            Self::Anthropic => anthropic::refusal(asked),
            Self::Gemini => gemini::refusal(asked),
        }
    }
}

/// Writes an answer in one of the languages, event by event.
trait Writer {
    /// How it begins.
    fn begin(&mut self) -> Vec<Value>;

    /// A piece of text.
    fn text(&mut self, text: &str) -> Vec<Value>;

    /// A thought, with the signature that it must come back with.
    fn thought(&mut self, text: &str, signature: &str) -> Vec<Value>;

    /// The use of a tool.
    fn call(&mut self, call: &reply::Call) -> Vec<Value>;

    /// How it ends.
    fn end(&mut self, ending: Ending) -> Vec<Value>;

    /// An event on the wire.
    fn sent(&self, event: &Value) -> String {
        format!("data: {event}\n\n")
    }

    /// What follows the last event.
    fn closing(&self) -> &'static str {
        ""
    }
}
