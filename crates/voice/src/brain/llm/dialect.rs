//! How a provider is spoken to: the one part of a brain that is different from one to the other.

use super::config::Config;
use super::history::History;
use super::vendor::{Api, Vendor};
use super::{anthropic, chat, gemini};
use crate::Usage;
use crate::engine::ToolSpec;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The calls of tools that one answer may make.
pub(super) const MOST_CALLS: usize = 16;

/// What is asked, and how an answer is read.
pub(super) trait Dialect: Send + Sync {
    /// Where to, below the base address.
    fn path(&self, config: &Config) -> Vec<String>;

    /// The query of the address.
    fn query(&self) -> Option<&'static str> {
        None
    }

    /// Headers beside the key's.
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    /// The body of a request, without the configuration's own options.
    fn body(&self, config: &Config, history: &History, tools: &[ToolSpec]) -> Value;

    /// Begins to read an answer.
    fn reading(&self) -> Box<dyn Reading>;
}

/// An answer while it comes.
pub(super) trait Reading: Send {
    /// Takes the data of one server-sent event.
    fn take(&mut self, data: &str) -> Result<Taken, Trouble>;

    /// Takes all that there is, once no more comes.
    fn end(self: Box<Self>) -> Completion;
}

/// What an event is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Text to be spoken; empty for what is a sign of the model's work alone (a thought, a part of a tool's arguments).
    Text(String),
    /// Nothing of the model's: the connection is held open.
    Nothing,
    /// The answer is complete.
    Over,
}

/// An event that ends an answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is no event of this language.
    Shape(serde_json::Error),
    /// The provider reports an error.
    Told(Value),
}

/// An answer that has come.
#[derive(Debug, Default)]
pub(super) struct Completion {
    /// Text that was held back.
    pub(super) rest: String,
    /// The tools to be used.
    pub(super) calls: Vec<WrittenCall>,
    /// What the provider wants back before this answer's calls, unread: a model's signed thoughts.
    pub(super) keepsakes: Vec<Value>,
    /// Why it ended; nothing if it broke off.
    pub(super) finish: Option<Finish>,
    pub(super) usage: Usage,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// The model said all that it wanted.
    Whole,
    /// The tokens were spent.
    Length,
    /// The provider holds the content back.
    Filtered,
    /// The model wrote a call that the provider could not read.
    MalformedCall,
}

/// A call of a tool, as the model wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct WrittenCall {
    pub(super) id: String,
    /// Whether the id is our own, because the provider gave none.
    pub(super) is_own_id: bool,
    pub(super) name: String,
    /// JSON, if the model wrote it well.
    pub(super) arguments: String,
    /// What the provider wants back with the call, unread.
    pub(super) signature: Option<String>,
}

impl WrittenCall {
    /// The arguments, which must be an object; none at all is an empty one.
    pub(super) fn object(&self) -> Result<Value, String> {
        if self.arguments.trim().is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        match serde_json::from_str(&self.arguments) {
            Ok(object @ Value::Object(_)) => Ok(object),
            Ok(_) => Err("the arguments must be a JSON object".into()),
            Err(error) => Err(format!("the arguments are not valid JSON: {error}")),
        }
    }

    /// The arguments as they may be shown to the model again: a provider may refuse its own model's broken JSON.
    pub(super) fn shown(&self) -> Value {
        self.object().unwrap_or_else(|_| Value::Object(Map::new()))
    }
}

/// The dialect of a vendor.
pub(super) fn of(vendor: Vendor) -> Box<dyn Dialect> {
    match vendor.api() {
        Api::Chat => Box::new(chat::Chat),
        Api::Anthropic => Box::new(anthropic::Messages),
        Api::Gemini => Box::new(gemini::GenerateContent),
    }
}

/// Reads the JSON of an event.
pub(super) fn parse<T: DeserializeOwned>(data: &str) -> Result<T, Trouble> {
    serde_json::from_str(data).map_err(Trouble::Shape)
}
