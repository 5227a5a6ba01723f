//! One answer of the model, put together from its chunks.

use crate::Usage;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The calls of tools that one answer may make.
const MOST_CALLS: usize = 16;
const THOUGHTS_BEGIN: &str = "<think>";
const THOUGHTS_END: &str = "</think>";

/// A piece of an answer on the wire.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    pub(super) error: Option<Value>,
    /// With the last chunk, where it was asked for; some endpoints tell it unasked, or with every chunk what there was so far.
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

/// A call of a tool, as the model wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct WrittenCall {
    pub(super) id: String,
    pub(super) name: String,
    /// JSON, if the model wrote it well.
    pub(super) arguments: String,
    /// Its number on the wire, while it is put together.
    pub(super) index: Option<usize>,
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
}

/// What came so far.
#[derive(Debug, Default)]
pub(super) struct Completion {
    pub(super) calls: Vec<WrittenCall>,
    pub(super) finish: Option<String>,
    pub(super) usage: Usage,
    thoughts: Thoughts,
}

impl Completion {
    /// Takes a chunk and gives the text in it that is meant to be heard.
    pub(super) fn take(&mut self, chunk: Chunk) -> String {
        let mut text = String::new();
        if let Some(usage) = chunk.usage {
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

    /// The text that was held back, when no more will come; gives every call an id.
    pub(super) fn finish(&mut self, answer: u64) -> String {
        for (at, call) in self.calls.iter_mut().enumerate() {
            if call.id.is_empty() {
                call.id = format!("call-{answer}-{at}");
            }
        }
        self.thoughts.rest()
    }

    fn add_call(&mut self, delta: CallDelta) {
        let fresh_id = delta.id.as_deref().filter(|id| !id.is_empty());
        // An endpoint may number all calls 0, or none: then a new id is a new call.
        let known = self.calls.iter().rposition(|call| match (delta.index, fresh_id) {
            (_, Some(id)) if !call.id.is_empty() => call.id == id,
            (Some(index), _) => call.index == Some(index),
            (None, None) => true,
            (None, Some(_)) => false,
        });
        if known.is_none() && self.calls.len() >= MOST_CALLS {
            return;
        }
        let at = known.unwrap_or_else(|| {
            self.calls.push(WrittenCall {
                index: delta.index,
                ..WrittenCall::default()
            });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
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

/// Leaves out what a reasoning model thinks in `<think>…</think>` at the beginning of its answer.
#[derive(Debug, Default)]
struct Thoughts {
    held: String,
    state: Thinking,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Thinking {
    #[default]
    Maybe,
    Yes,
    No,
}

impl Thoughts {
    fn without(&mut self, piece: &str) -> String {
        if self.state == Thinking::No {
            return piece.into();
        }
        self.held.push_str(piece);
        if self.state == Thinking::Maybe {
            let begun = self.held.trim_start();
            if THOUGHTS_BEGIN.starts_with(begun) {
                return String::new();
            }
            self.state = if begun.starts_with(THOUGHTS_BEGIN) {
                Thinking::Yes
            } else {
                Thinking::No
            };
        }
        if self.state == Thinking::No {
            return std::mem::take(&mut self.held);
        }
        let Some(end) = self.held.find(THOUGHTS_END) else {
            return String::new();
        };
        self.state = Thinking::No;
        std::mem::take(&mut self.held)[end + THOUGHTS_END.len()..]
            .trim_start()
            .into()
    }

    fn rest(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.state == Thinking::Maybe {
            held
        } else {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn completion(deltas: &[Value]) -> (String, Completion) {
        let mut completion = Completion::default();
        let mut text = String::new();
        for delta in deltas {
            let chunk = serde_json::from_value(json!({"choices": [{"index": 0, "delta": delta}]})).unwrap();
            text.push_str(&completion.take(chunk));
        }
        text.push_str(&completion.finish(1));
        (text, completion)
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
    fn a_call_without_an_id_gets_one() {
        assert_eq!(
            calls(&[call(Some(0), None, Some("x"), &json!("{}"))])[0].0,
            "call-1-0"
        );
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
        let mut completion = Completion::default();
        for usage in [
            json!({"prompt_tokens": 9, "completion_tokens": 1}),
            json!({"prompt_tokens": 9, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}),
            json!(null),
        ] {
            completion.take(serde_json::from_value(json!({"choices": [], "usage": usage})).unwrap());
        }
        let usage = completion.usage;
        assert_eq!((usage.text_in, usage.text_cached, usage.text_out), (5, 4, 7));
    }

    #[test]
    fn arguments_must_be_an_object() {
        let call = |arguments: &str| WrittenCall {
            arguments: arguments.into(),
            ..WrittenCall::default()
        };
        assert_eq!(call("").object(), Ok(json!({})));
        assert!(
            call("[1]")
                .object()
                .unwrap_err()
                .contains("must be a JSON object")
        );
        assert!(call("{\"a\":").object().unwrap_err().contains("not valid JSON"));
    }
}
