//! Anthropic's Messages.
//!
//! The wire format is that of Anthropic's API reference, "Create a Message" and "Streaming messages", read in the types of its Python
//! package 2.12. A model's thoughts come signed and must come back before the calls that follow them, unchanged.

use super::config::Config;
use super::dialect::{Completion, Dialect, Finish, MOST_CALLS, Reading, Taken, Trouble, WrittenCall, parse};
use super::history::{History, Message, Said};
use crate::Usage;
use crate::engine::ToolSpec;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

const VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("anthropic-version"),
    HeaderValue::from_static("2023-06-01"),
);

/// Tokens of an answer where the configuration names no number: the API wants one. Thoughts count, a spoken answer needs some 200.
const LONGEST_ANSWER: u32 = 4_096;

/// The language.
pub(super) struct Messages;

impl Dialect for Messages {
    fn path(&self, _: &Config) -> Vec<String> {
        vec!["messages".into()]
    }

    fn headers(&self) -> HeaderMap {
        HeaderMap::from_iter([VERSION])
    }

    fn body(&self, config: &Config, history: &History, tools: &[ToolSpec]) -> Value {
        // What stands before the mark (tools, instructions) is the same in each request of a call and is read from the cache.
        let system =
            json!([{"type": "text", "text": history.system(), "cache_control": {"type": "ephemeral"}}]);
        let mut body = json!({
            "model": config.model,
            "max_tokens": config.longest_answer.unwrap_or(LONGEST_ANSWER),
            "system": system,
            "messages": messages(history),
            "stream": true,
        });
        if !tools.is_empty() {
            body["tools"] = tools.iter().map(described).collect();
        }
        body
    }

    fn reading(&self) -> Box<dyn Reading> {
        Box::new(Streamed::default())
    }
}

fn described(tool: &ToolSpec) -> Value {
    json!({"name": tool.name, "description": tool.description, "input_schema": tool.parameters})
}

/// Results of tools are the user's and come before the user's words.
fn messages(history: &History) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut user = Vec::new();
    for message in history.messages() {
        match message {
            Message::User(text) => user.push(text_block(text)),
            Message::Assistant(said) => {
                if !user.is_empty() {
                    messages.push(json!({"role": "user", "content": std::mem::take(&mut user)}));
                }
                messages.push(json!({"role": "assistant", "content": assistant(said)}));
                user.extend(said.calls.iter().map(|used| {
                    json!({"type": "tool_result", "tool_use_id": used.call.id, "content": used.told()})
                }));
            }
        }
    }
    // Newer models refuse to go on with an assistant's words.
    if user.is_empty() {
        user.push(text_block("[go on]"));
    }
    messages.push(json!({"role": "user", "content": user}));
    messages
}

fn assistant(said: &Said) -> Vec<Value> {
    let text = (!said.text.trim().is_empty()).then(|| text_block(&said.text));
    let calls = said.calls.iter().map(
        |used| json!({"type": "tool_use", "id": used.call.id, "name": used.call.name, "input": used.call.shown()}),
    );
    said.keepsakes.iter().cloned().chain(text).chain(calls).collect()
}

fn text_block(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// An event on the wire.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u64,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    MessageDelta {
        delta: End,
        #[serde(default)]
        usage: TokenCount,
    },
    MessageStop,
    Ping,
    Error {
        error: Value,
    },
    /// Also `content_block_stop`: what is in a block is known by its parts.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Start {
    #[serde(default)]
    usage: TokenCount,
}

#[derive(Debug, Deserialize)]
struct End {
    #[serde(default)]
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
        #[serde(default)]
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(other)]
    Other,
}

/// Every number is the sum so far; what is not told stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokenCount {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

/// What came so far.
#[derive(Debug, Default)]
struct Streamed {
    blocks: Vec<(u64, Kept)>,
    read: u64,
    written_to_cache: u64,
    usage: Usage,
    finish: Option<Finish>,
}

/// A block that is needed whole.
#[derive(Debug)]
enum Kept {
    Call(WrittenCall),
    Thinking { thinking: String, signature: String },
    Redacted(String),
}

impl Reading for Streamed {
    fn take(&mut self, data: &str) -> Result<Taken, Trouble> {
        let text = match parse(data)? {
            Event::Error { error } => return Err(Trouble::Told(error)),
            Event::MessageStop => return Ok(Taken::Over),
            Event::Ping => return Ok(Taken::Nothing),
            Event::ContentBlockStart { index, content_block } => self.begin(index, content_block),
            Event::ContentBlockDelta { index, delta } => self.go_on(index, delta),
            Event::MessageStart { message } => {
                self.count(&message.usage);
                String::new()
            }
            Event::MessageDelta { delta, usage } => {
                self.count(&usage);
                self.finish = delta.stop_reason.as_deref().map(finish).or(self.finish);
                String::new()
            }
            Event::Other => String::new(),
        };
        Ok(Taken::Text(text))
    }

    fn end(self: Box<Self>) -> Completion {
        let mut completion = Completion {
            finish: self.finish,
            usage: self.usage,
            ..Completion::default()
        };
        for (_, kept) in self.blocks {
            match kept {
                Kept::Call(call) => completion.calls.push(call),
                Kept::Thinking { thinking, signature } => completion
                    .keepsakes
                    .push(json!({"type": "thinking", "thinking": thinking, "signature": signature})),
                Kept::Redacted(data) => {
                    completion
                        .keepsakes
                        .push(json!({"type": "redacted_thinking", "data": data}));
                }
            }
        }
        completion
    }
}

impl Streamed {
    fn begin(&mut self, index: u64, block: Block) -> String {
        let kept = match block {
            Block::Text { text } => return text,
            Block::Other => return String::new(),
            Block::ToolUse { id, name, input } => Kept::Call(WrittenCall {
                id,
                name,
                // Empty, where the arguments follow in pieces.
                arguments: match input {
                    Value::Object(fields) if !fields.is_empty() => Value::Object(fields).to_string(),
                    _ => String::new(),
                },
                ..WrittenCall::default()
            }),
            Block::Thinking { thinking, signature } => Kept::Thinking { thinking, signature },
            Block::RedactedThinking { data } => Kept::Redacted(data),
        };
        let of_a_call = matches!(kept, Kept::Call(_));
        let calls = self
            .blocks
            .iter()
            .filter(|(_, kept)| matches!(kept, Kept::Call(_)))
            .count();
        if !of_a_call || calls < MOST_CALLS {
            self.blocks.push((index, kept));
        }
        String::new()
    }

    fn go_on(&mut self, index: u64, delta: Delta) -> String {
        if let Delta::Text { text } = delta {
            return text;
        }
        let block = self.blocks.iter_mut().find(|(at, _)| *at == index);
        match (block.map(|(_, kept)| kept), delta) {
            (Some(Kept::Call(call)), Delta::InputJson { partial_json }) => {
                call.arguments.push_str(&partial_json);
            }
            (Some(Kept::Thinking { thinking, .. }), Delta::Thinking { thinking: more }) => {
                thinking.push_str(&more);
            }
            (Some(Kept::Thinking { signature, .. }), Delta::Signature { signature: more }) => {
                signature.push_str(&more);
            }
            _ => {}
        }
        String::new()
    }

    /// What is written to the cache is charged as read, and a little more.
    fn count(&mut self, told: &TokenCount) {
        self.read = told.input_tokens.unwrap_or(self.read);
        self.written_to_cache = told.cache_creation_input_tokens.unwrap_or(self.written_to_cache);
        self.usage.text_in = self.read + self.written_to_cache;
        self.usage.text_cached = told.cache_read_input_tokens.unwrap_or(self.usage.text_cached);
        self.usage.text_out = told.output_tokens.unwrap_or(self.usage.text_out);
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::Filtered,
        _ => Finish::Whole,
    }
}
