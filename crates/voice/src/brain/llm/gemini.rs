//! Gemini's `streamGenerateContent`.
//!
//! The wire format is that of the Gemini API reference, "Generating content", read in the types of `google-genai` 3.4. A call carries the
//! signature of the thoughts that led to it, and must come back with it (`MISSING_THOUGHT_SIGNATURE` otherwise).

use super::config::Config;
use super::dialect::{Completion, Dialect, Finish, MOST_CALLS, Reading, Taken, Trouble, WrittenCall, parse};
use super::history::{History, Message, Said, Used};
use crate::Usage;
use crate::engine::ToolSpec;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The language.
pub(super) struct GenerateContent;

impl Dialect for GenerateContent {
    fn path(&self, config: &Config) -> Vec<String> {
        let model = config.model.strip_prefix("models/").unwrap_or(&config.model);
        vec!["models".into(), format!("{model}:streamGenerateContent")]
    }

    fn query(&self) -> Option<&'static str> {
        Some("alt=sse")
    }

    fn body(&self, config: &Config, history: &History, tools: &[ToolSpec]) -> Value {
        let mut body = json!({
            "systemInstruction": {"parts": [{"text": history.system()}]},
            "contents": contents(history),
        });
        if !tools.is_empty() {
            let declarations: Vec<Value> = tools.iter().map(described).collect();
            body["tools"] = json!([{"functionDeclarations": declarations}]);
        }
        if let Some(most) = config.longest_answer {
            body["generationConfig"] = json!({config.vendor.tokens_key(): most});
        }
        body
    }

    fn reading(&self) -> Box<dyn Reading> {
        Box::new(Streamed::default())
    }
}

fn described(tool: &ToolSpec) -> Value {
    json!({"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters})
}

/// Results of tools are the user's and come before the user's words.
fn contents(history: &History) -> Vec<Value> {
    let mut contents = Vec::new();
    let mut user = Vec::new();
    for message in history.messages() {
        match message {
            Message::User(text) => user.push(json!({"text": text})),
            Message::Assistant(said) => {
                if !user.is_empty() {
                    contents.push(json!({"role": "user", "parts": std::mem::take(&mut user)}));
                }
                contents.push(json!({"role": "model", "parts": model(said)}));
                user.extend(said.calls.iter().map(response));
            }
        }
    }
    // The last word must be the user's.
    if user.is_empty() {
        user.push(json!({"text": "[go on]"}));
    }
    contents.push(json!({"role": "user", "parts": user}));
    contents
}

fn model(said: &Said) -> Vec<Value> {
    let text = (!said.text.trim().is_empty()).then(|| json!({"text": said.text}));
    text.into_iter().chain(said.calls.iter().map(call)).collect()
}

fn call(used: &Used) -> Value {
    let mut call = json!({"name": used.call.name, "args": used.call.shown()});
    if !used.call.is_own_id {
        call["id"] = used.call.id.as_str().into();
    }
    let mut part = json!({"functionCall": call});
    if let Some(signature) = &used.call.signature {
        part["thoughtSignature"] = signature.as_str().into();
    }
    part
}

fn response(used: &Used) -> Value {
    let mut response = json!({"name": used.call.name, "response": {"output": used.told()}});
    if !used.call.is_own_id {
        response["id"] = used.call.id.as_str().into();
    }
    json!({"functionResponse": response})
}

/// A piece of an answer on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    #[serde(default)]
    candidates: Vec<Candidate>,
    #[serde(default)]
    prompt_feedback: Option<Feedback>,
    #[serde(default)]
    usage_metadata: Option<TokenCount>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    #[serde(default)]
    text: Option<String>,
    /// The text is a thought.
    #[serde(default)]
    thought: bool,
    #[serde(default)]
    thought_signature: Option<String>,
    #[serde(default)]
    function_call: Option<FunctionCall>,
}

#[derive(Debug, Deserialize)]
struct FunctionCall {
    #[serde(default)]
    id: Option<String>,
    name: String,
    #[serde(default)]
    args: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    #[serde(default)]
    block_reason: Option<String>,
}

/// `usageMetadata`: each chunk has the sums so far.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TokenCount {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
}

impl From<TokenCount> for Usage {
    fn from(told: TokenCount) -> Self {
        let prompt = told.prompt_token_count.unwrap_or_default();
        let cached = told.cached_content_token_count.unwrap_or_default().min(prompt);
        Self {
            text_in: prompt - cached + told.tool_use_prompt_token_count.unwrap_or_default(),
            text_cached: cached,
            text_out: told.candidates_token_count.unwrap_or_default()
                + told.thoughts_token_count.unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// What came so far.
#[derive(Debug, Default)]
struct Streamed {
    calls: Vec<WrittenCall>,
    usage: Usage,
    finish: Option<Finish>,
}

impl Reading for Streamed {
    fn take(&mut self, data: &str) -> Result<Taken, Trouble> {
        let chunk: Chunk = parse(data)?;
        if let Some(error) = chunk.error {
            return Err(Trouble::Told(error));
        }
        if let Some(told) = chunk.usage_metadata {
            self.usage = told.into();
        }
        if chunk
            .prompt_feedback
            .is_some_and(|feedback| feedback.block_reason.is_some())
        {
            self.finish = Some(Finish::Filtered);
        }
        let mut text = String::new();
        // Only one candidate was asked for.
        if let Some(candidate) = chunk.candidates.into_iter().next() {
            for part in candidate.content.map(|content| content.parts).unwrap_or_default() {
                self.add(part, &mut text);
            }
            self.finish = candidate
                .finish_reason
                .as_deref()
                .and_then(finish)
                .or(self.finish);
        }
        Ok(Taken::Text(text))
    }

    fn end(self: Box<Self>) -> Completion {
        Completion {
            calls: self.calls,
            usage: self.usage,
            finish: self.finish,
            ..Completion::default()
        }
    }
}

impl Streamed {
    fn add(&mut self, part: Part, text: &mut String) {
        if let Some(piece) = part.text.filter(|_| !part.thought) {
            text.push_str(&piece);
        }
        let Some(call) = part.function_call else { return };
        if self.calls.len() < MOST_CALLS {
            self.calls.push(WrittenCall {
                id: call.id.unwrap_or_default(),
                name: call.name,
                arguments: Value::Object(call.args.unwrap_or_default()).to_string(),
                signature: part.thought_signature,
                ..WrittenCall::default()
            });
        }
    }
}

fn finish(reason: &str) -> Option<Finish> {
    match reason {
        "" | "FINISH_REASON_UNSPECIFIED" => None,
        "MAX_TOKENS" => Some(Finish::Length),
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" => {
            Some(Finish::Filtered)
        }
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MALFORMED_RESPONSE" => {
            Some(Finish::MalformedCall)
        }
        _ => Some(Finish::Whole),
    }
}
