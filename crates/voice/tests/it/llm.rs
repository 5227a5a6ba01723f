//! The brain that asks a language model, against a stand-in for its endpoint, in each of the languages.

mod conversation;
mod failures;
mod official;
mod vendors;

use call::{FailureKind, ToolCallId};
use secretary::{Secretary, Snapshot};
use serde_json::{Value, json};
use sim::llm::{LlmServer, Reply, Wire};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use voice::ApiKey;
use voice::Usage;
use voice::brain::llm::{Config, LanguageModel, Vendor};
use voice::brain::{Brain, Mind, Stimulus, Thought};
use voice::engine::ToolSpec;

/// Far longer than anything here takes: what waits for ever is told so.
const PATIENCE: Duration = Duration::from_secs(20);

/// A conversation with a model that follows a script.
struct Rig {
    wire: Wire,
    server: LlmServer,
    mind: Box<dyn Mind>,
    usage: Usage,
}

/// How an answer ended.
#[derive(Debug, PartialEq)]
enum End {
    Done,
    Failed(FailureKind, String),
}

fn tools() -> Arc<[ToolSpec]> {
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: format!("Does {name}."),
        parameters: json!({"type": "object", "properties": {}, "additionalProperties": true}),
    };
    Arc::new(["transfer_call", "take_message", "end_call"].map(tool))
}

fn secretary(script: &str) -> Arc<Secretary> {
    let snapshot = Snapshot::embedded().unwrap();
    let mut secretary = (*snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap().secretaries["provedor"]).clone();
    secretary.script = script.into();
    Arc::new(secretary)
}

fn brain(config: Config) -> LanguageModel {
    // Another test of this process may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    LanguageModel::new(config).unwrap()
}

fn config(wire: Wire, server: &LlmServer) -> Config {
    let vendor = match wire {
        Wire::Chat => Vendor::Compatible,
        Wire::Anthropic => Vendor::Anthropic,
        Wire::Gemini => Vendor::Gemini,
    };
    Config {
        base_url: server.base_url(wire),
        api_key: Some(ApiKey::new("sk-secret")),
        ..Config::of(vendor, "llama")
    }
}

impl Rig {
    /// One that speaks OpenAI's language.
    async fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::of(Wire::Chat, replies).await
    }

    async fn of(wire: Wire, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::with(wire, replies, |_| {}).await
    }

    async fn with(
        wire: Wire,
        replies: impl IntoIterator<Item = Reply>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let server = LlmServer::start(replies).await.unwrap();
        let mut config = config(wire, &server);
        change(&mut config);
        let mind = brain(config).begin(secretary("provedor"), tools());
        Self {
            wire,
            server,
            mind,
            usage: Usage::default(),
        }
    }

    fn tell(&mut self, stimulus: Stimulus) {
        self.mind.tell(stimulus);
    }

    fn hears(&mut self, words: &str) {
        self.tell(Stimulus::Words(words.into()));
    }

    async fn next(&mut self) -> Thought {
        loop {
            let thought = poll_fn(|cx| self.mind.poll_thought(cx));
            let thought = tokio::time::timeout(PATIENCE, thought)
                .await
                .expect("a thought comes");
            match thought {
                Thought::Usage(usage) => self.usage += usage,
                thought => return thought,
            }
        }
    }

    /// The rest of the answer: clauses as they are, tools as `name{arguments}`.
    async fn rest(&mut self) -> (Vec<String>, End) {
        let mut answer = Vec::new();
        loop {
            match self.next().await {
                Thought::Clause(text) => answer.push(text),
                Thought::Tool { name, arguments, .. } => answer.push(format!("{name}{arguments}")),
                Thought::Usage(_) => {}
                Thought::Done => return (answer, End::Done),
                Thought::Failed { kind, message } => return (answer, End::Failed(kind, message)),
            }
        }
    }

    async fn says(&mut self, words: &str) -> Vec<String> {
        self.hears(words);
        self.finished().await
    }

    async fn finished(&mut self) -> Vec<String> {
        let (answer, end) = self.rest().await;
        assert_eq!(end, End::Done);
        answer
    }

    fn result(&mut self, id: &str, ok: bool, result: &str) {
        self.tell(Stimulus::ToolResult {
            id: ToolCallId(id.into()),
            ok,
            result: result.into(),
        });
    }

    /// What the `nth` request says of the conversation: words as `role: words`, calls of tools by their names behind the words, and
    /// their results as `tool: result`.
    fn asked(&self, nth: usize) -> Vec<String> {
        let body = &self.server.seen().asked[nth].body;
        match self.wire {
            Wire::Chat => list(&body["messages"]).skip(1).map(chat_line).collect(),
            Wire::Anthropic => list(&body["messages"]).flat_map(anthropic_lines).collect(),
            Wire::Gemini => list(&body["contents"]).flat_map(gemini_lines).collect(),
        }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn chat_line(message: &Value) -> String {
    let calls: Vec<&str> = list(&message["tool_calls"])
        .map(|call| text(&call["function"]["name"]))
        .collect();
    let (role, words) = (text(&message["role"]), text(&message["content"]));
    format!("{role}: {words}{}", calls.join(","))
}

fn anthropic_lines(message: &Value) -> Vec<String> {
    let results = list(&message["content"])
        .filter(|block| block["type"] == "tool_result")
        .map(|block| format!("tool: {}", text(&block["content"])));
    let words: String = list(&message["content"])
        .map(|block| text(&block["text"]))
        .collect();
    let calls: Vec<&str> = list(&message["content"])
        .map(|block| text(&block["name"]))
        .collect();
    lines(text(&message["role"]), &words, &calls, results)
}

fn gemini_lines(content: &Value) -> Vec<String> {
    let results = list(&content["parts"])
        .filter_map(|part| part["functionResponse"]["response"]["output"].as_str())
        .map(|result| format!("tool: {result}"));
    let words: String = list(&content["parts"]).map(|part| text(&part["text"])).collect();
    let calls: Vec<&str> = list(&content["parts"])
        .map(|part| text(&part["functionCall"]["name"]))
        .collect();
    let role = if content["role"] == "model" {
        "assistant"
    } else {
        text(&content["role"])
    };
    lines(role, &words, &calls, results)
}

fn lines(role: &str, words: &str, calls: &[&str], results: impl Iterator<Item = String>) -> Vec<String> {
    let calls: Vec<&str> = calls.iter().copied().filter(|name| !name.is_empty()).collect();
    let said =
        (!words.is_empty() || !calls.is_empty()).then(|| format!("{role}: {words}{}", calls.join(",")));
    results.chain(said).collect()
}
