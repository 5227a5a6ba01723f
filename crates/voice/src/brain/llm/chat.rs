//! OpenAI's `/chat/completions`, and what speaks it: Azure, Groq, OpenRouter, Ollama, vLLM, LM Studio.
//!
//! The wire format is that of the OpenAI API reference, "Chat completions: streaming". Where servers differ (a missing `index` of a
//! tool call, arguments as an object, no `[DONE]`, thoughts in `<think>`, usage in `x_groq`), all that was met is taken.

use super::config::Config;
use super::dialect::{Completion, Dialect, Finish, MOST_CALLS, Reading, Taken, Trouble, WrittenCall, parse};
use super::history::{History, Message, Used};
use super::thoughts::Thoughts;
use crate::Usage;
use crate::engine::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

/// The language.
pub(super) struct Chat;

impl Dialect for Chat {
    fn path(&self, _: &Config) -> Vec<String> {
        vec!["chat".into(), "completions".into()]
    }

    fn body(&self, config: &Config, history: &History, tools: &[ToolSpec]) -> Value {
        let mut body = json!({"model": config.model, "messages": messages(history), "stream": true});
        if config.count_tokens {
            body["stream_options"] = json!({"include_usage": true});
        }
        if !tools.is_empty() {
            body["tools"] = tools.iter().map(described).collect();
        }
        if let Some(most) = config.longest_answer {
            body[config.vendor.tokens_key()] = most.into();
        }
        body
    }

    fn reading(&self) -> Box<dyn Reading> {
        Box::new(Streamed::default())
    }
}

fn described(tool: &ToolSpec) -> Value {
    json!({"type": "function", "function": {"name": tool.name, "description": tool.description,
        "parameters": tool.parameters}})
}

fn messages(history: &History) -> Vec<Value> {
    let mut messages = vec![json!({"role": "system", "content": history.system()})];
    for message in history.messages() {
        match message {
            Message::User(text) => messages.push(json!({"role": "user", "content": text})),
            Message::Assistant(said) => push_assistant(&mut messages, &said.text, &said.calls),
        }
    }
    messages
}

fn push_assistant(messages: &mut Vec<Value>, text: &str, calls: &[Used]) {
    if calls.is_empty() {
        messages.push(json!({"role": "assistant", "content": text}));
        return;
    }
    let written: Vec<Value> = calls
        .iter()
        .map(|Used { call, .. }| {
            json!({"id": call.id, "type": "function",
                "function": {"name": call.name, "arguments": call.shown().to_string()}})
        })
        .collect();
    let content = if text.is_empty() { Value::Null } else { text.into() };
    messages.push(json!({"role": "assistant", "content": content, "tool_calls": written}));
    for used in calls {
        messages.push(json!({"role": "tool", "tool_call_id": used.call.id, "content": used.told()}));
    }
}

/// A piece of an answer on the wire.
#[derive(Debug, Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    error: Option<Value>,
    /// With the last chunk, where it was asked for; some endpoints tell it unasked, or with every chunk what there was so far.
    #[serde(default)]
    usage: Option<TokenCount>,
    #[serde(default)]
    x_groq: Option<GroqCount>,
}

/// Groq tells here what it counts, asked or not.
#[derive(Debug, Deserialize)]
struct GroqCount {
    #[serde(default)]
    usage: Option<TokenCount>,
}

/// `usage` of the API reference, "The chat completion chunk object".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokenCount {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

impl From<TokenCount> for Usage {
    fn from(told: TokenCount) -> Self {
        let read = told.prompt_tokens.unwrap_or_default();
        let details = told.prompt_tokens_details.unwrap_or_default();
        let cached = details.cached_tokens.unwrap_or_default().min(read);
        Self {
            text_in: read - cached,
            text_cached: cached,
            text_out: told.completion_tokens.unwrap_or_default(),
            ..Self::default()
        }
    }
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Option<Delta>,
    /// In place of `delta`, from an endpoint that does not stream.
    #[serde(default)]
    message: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Debug, Deserialize)]
struct CallDelta {
    #[serde(default)]
    index: Option<usize>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<FunctionDelta>,
}

#[derive(Debug, Deserialize)]
struct FunctionDelta {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<Value>,
}

/// What came so far.
#[derive(Debug, Default)]
struct Streamed {
    calls: Vec<NumberedCall>,
    finish: Option<String>,
    over: bool,
    usage: Usage,
    thoughts: Thoughts,
}

/// A call while it is put together.
#[derive(Debug, Default)]
struct NumberedCall {
    /// Its number on the wire.
    index: Option<usize>,
    call: WrittenCall,
}

impl Reading for Streamed {
    fn take(&mut self, data: &str) -> Result<Taken, Trouble> {
        if data == "[DONE]" {
            self.over = true;
            return Ok(Taken::Over);
        }
        let chunk: Chunk = parse(data)?;
        match chunk.error {
            Some(error) => Err(Trouble::Told(error)),
            None => Ok(Taken::Text(self.add(chunk))),
        }
    }

    fn end(mut self: Box<Self>) -> Completion {
        let finish = match self.finish.as_deref() {
            Some("length") => Some(Finish::Length),
            Some("content_filter") => Some(Finish::Filtered),
            Some(_) => Some(Finish::Whole),
            None => self.over.then_some(Finish::Whole),
        };
        Completion {
            rest: self.thoughts.rest(),
            calls: self.calls.into_iter().map(|numbered| numbered.call).collect(),
            keepsakes: Vec::new(),
            finish,
            usage: self.usage,
        }
    }
}

impl Streamed {
    /// Takes a chunk and gives the text in it that is meant to be heard.
    fn add(&mut self, chunk: Chunk) -> String {
        let mut text = String::new();
        if let Some(usage) = chunk.usage.or(chunk.x_groq.and_then(|groq| groq.usage)) {
            self.usage = usage.into();
        }
        // Only one choice was asked for.
        let Some(choice) = chunk.choices.into_iter().next() else {
            return text;
        };
        if let Some(delta) = choice.delta.or(choice.message) {
            for piece in [delta.content, delta.refusal].into_iter().flatten() {
                text.push_str(&self.thoughts.without(&piece));
            }
            delta
                .tool_calls
                .into_iter()
                .flatten()
                .for_each(|call| self.add_call(call));
        }
        self.finish = choice
            .finish_reason
            .filter(|f| !f.is_empty())
            .or(self.finish.take());
        text
    }

    fn add_call(&mut self, delta: CallDelta) {
        let fresh_id = delta.id.as_deref().filter(|id| !id.is_empty());
        // An endpoint may number all calls 0, or none: then a new id is a new call.
        let known = self
            .calls
            .iter()
            .rposition(|known| match (delta.index, fresh_id) {
                (_, Some(id)) if !known.call.id.is_empty() => known.call.id == id,
                (Some(index), _) => known.index == Some(index),
                (None, None) => true,
                (None, Some(_)) => false,
            });
        if known.is_none() && self.calls.len() >= MOST_CALLS {
            return;
        }
        let at = known.unwrap_or_else(|| {
            self.calls.push(NumberedCall {
                index: delta.index,
                ..NumberedCall::default()
            });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at].call;
        if let Some(id) = fresh_id {
            call.id = id.into();
        }
        let Some(function) = delta.function else { return };
        call.name.push_str(function.name.as_deref().unwrap_or_default());
        match function.arguments {
            Some(Value::String(piece)) => call.arguments.push_str(&piece),
            Some(Value::Null) | None => {}
            Some(whole) => call.arguments = whole.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[Value]) -> (String, Completion) {
        let mut reading = Chat.reading();
        let mut text = String::new();
        for chunk in chunks {
            match reading.take(&chunk.to_string()).unwrap() {
                Taken::Text(piece) => text.push_str(&piece),
                other => panic!("{other:?}"),
            }
        }
        let completion = reading.end();
        text.push_str(&completion.rest);
        (text, completion)
    }

    fn completion(deltas: &[Value]) -> (String, Completion) {
        let chunks: Vec<Value> = deltas
            .iter()
            .map(|delta| json!({"choices": [{"index": 0, "delta": delta}]}))
            .collect();
        read(&chunks)
    }

    fn call(index: Option<u32>, id: Option<&str>, name: Option<&str>, arguments: &Value) -> Value {
        json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]})
    }

    fn calls(deltas: &[Value]) -> Vec<(String, String, String)> {
        completion(deltas)
            .1
            .calls
            .into_iter()
            .map(|c| (c.id, c.name, c.arguments))
            .collect()
    }

    #[test]
    fn calls_are_put_together_by_their_index() {
        let deltas = [
            call(Some(0), Some("a"), Some("take_message"), &json!("")),
            call(Some(1), Some("b"), Some("end_call"), &json!("")),
            call(Some(0), None, None, &json!("{\"name\":")),
            call(Some(1), None, None, &json!("{}")),
            call(Some(0), None, None, &json!("\"Ana\"}")),
        ];
        let want = [
            ("a", "take_message", "{\"name\":\"Ana\"}"),
            ("b", "end_call", "{}"),
        ];
        assert_eq!(
            calls(&deltas),
            want.map(|(i, n, a)| (i.into(), n.into(), a.into()))
        );
    }

    #[test]
    fn calls_numbered_alike_or_not_at_all_stay_apart() {
        for index in [Some(0), None] {
            let deltas = [
                call(index, Some("a"), Some("x"), &json!({"n": 1})),
                call(index, Some("b"), Some("y"), &json!("{}")),
            ];
            let want = [("a", "x", "{\"n\":1}"), ("b", "y", "{}")];
            assert_eq!(
                calls(&deltas),
                want.map(|(i, n, a)| (i.into(), n.into(), a.into())),
                "{index:?}"
            );
        }
    }

    #[test]
    fn thoughts_are_not_spoken() {
        let content = |text: &str| json!({"content": text});
        for pieces in [
            vec!["<think>Hm. He wants", " x.</think>\n\nOlá!"],
            vec!["<th", "ink>a</thi", "nk>", "Olá!"],
            vec!["Ol", "á!"],
        ] {
            let deltas: Vec<Value> = pieces.iter().map(|p| content(p)).collect();
            assert_eq!(completion(&deltas).0, "Olá!", "{pieces:?}");
        }
        assert_eq!(completion(&[content("<")]).0, "<");
    }

    #[test]
    fn the_last_count_of_tokens_is_the_whole() {
        let counts = [
            json!({"prompt_tokens": 9, "completion_tokens": 1}),
            json!({"prompt_tokens": 9, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}),
            json!(null),
        ];
        let usage = read(&counts.map(|usage| json!({"choices": [], "usage": usage})))
            .1
            .usage;
        assert_eq!((usage.text_in, usage.text_cached, usage.text_out), (5, 4, 7));
        let groq = json!({"choices": [], "x_groq": {"id": "req_1", "usage": {"prompt_tokens": 3, "completion_tokens": 2}}});
        let usage = read(&[groq]).1.usage;
        assert_eq!((usage.text_in, usage.text_out), (3, 2));
    }
}
