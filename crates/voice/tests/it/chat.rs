//! The brain `chat` against a stand-in for an OpenAI-compatible endpoint.

mod conversation;
mod failures;
mod official;

use call::{FailureKind, ToolCallId};
use secretary::{Secretary, Snapshot};
use serde_json::json;
use sim::chat::{ChatServer, Reply};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use voice::ApiKey;
use voice::Usage;
use voice::brain::chat::{ChatBrain, Config};
use voice::brain::{Brain, Mind, Stimulus, Thought};
use voice::engine::ToolSpec;

/// Far longer than anything here takes: what waits for ever is told so.
const PATIENCE: Duration = Duration::from_secs(20);

/// A conversation with a model that follows a script.
struct Rig {
    server: ChatServer,
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

fn brain(config: Config) -> ChatBrain {
    // Another test of this process may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ChatBrain::new(config).unwrap()
}

impl Rig {
    async fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::with(replies, |_| {}).await
    }

    async fn with(replies: impl IntoIterator<Item = Reply>, change: impl FnOnce(&mut Config)) -> Self {
        let server = ChatServer::start(replies).await.unwrap();
        let mut config = Config::new(server.base_url(), "llama");
        config.api_key = Some(ApiKey::new("sk-secret"));
        change(&mut config);
        let mind = brain(config).begin(secretary("provedor"), tools());
        Self {
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

    /// The messages of the `nth` request, as `role: content`.
    fn asked(&self, nth: usize) -> Vec<String> {
        let shown = |m: &serde_json::Value| {
            let content = m["content"].as_str().unwrap_or_default();
            let calls: Vec<&str> = m["tool_calls"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|c| c["id"].as_str())
                .collect();
            format!("{}: {content}{}", m["role"].as_str().unwrap(), calls.join(","))
        };
        self.server.seen().asked[nth]
            .messages()
            .iter()
            .skip(1)
            .map(shown)
            .collect()
    }
}
