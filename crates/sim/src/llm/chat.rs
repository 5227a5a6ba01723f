//! OpenAI's chunks, as the API reference has them under "The chat completion chunk object".

use super::reply::Call;
use super::{Ending, Writer};
use serde_json::{Value, json};

/// Writes an answer in chunks.
pub(super) struct Chunks;

impl Writer for Chunks {
    fn begin(&mut self) -> Vec<Value> {
        vec![chunk(&json!({"role": "assistant", "content": ""}), None)]
    }

    fn text(&mut self, text: &str) -> Vec<Value> {
        vec![chunk(&json!({"content": text}), None)]
    }

    /// The API keeps its models' thoughts; those who run models at home write them into the text.
    fn thought(&mut self, text: &str, _: &str) -> Vec<Value> {
        vec![chunk(
            &json!({"content": format!("<think>{text}</think>\n")}),
            None,
        )]
    }

    /// The arguments come in pieces.
    fn call(&mut self, call: &Call) -> Vec<Value> {
        let Call {
            index,
            id,
            tool,
            arguments,
        } = call;
        let first = json!({"tool_calls": [{"index": index, "id": id, "type": "function",
            "function": {"name": tool, "arguments": ""}}]});
        let letters: Vec<char> = arguments.chars().collect();
        let pieces = letters.chunks(5).map(|piece| {
            let piece: String = piece.iter().collect();
            json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        });
        std::iter::once(first)
            .chain(pieces)
            .map(|delta| chunk(&delta, None))
            .collect()
    }

    fn end(&mut self, ending: Ending) -> Vec<Value> {
        let reason = match ending {
            Ending::Whole => "stop",
            Ending::Tools => "tool_calls",
            Ending::Length => "length",
            Ending::Filtered => "content_filter",
        };
        let mut usage = chunk(&json!({}), None);
        usage["choices"] = json!([]);
        usage["usage"] = json!({"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18});
        vec![chunk(&json!({}), Some(reason)), usage]
    }

    fn closing(&self) -> &'static str {
        "data: [DONE]\n\n"
    }
}

fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "sim",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}
