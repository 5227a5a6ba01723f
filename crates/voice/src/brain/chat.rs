//! The brain that asks a language model: any endpoint that speaks OpenAI's `/chat/completions` with streaming (Ollama, vLLM,
//! LM Studio, OpenAI, Groq).
//!
//! The wire format is that of the OpenAI API reference, "Chat completions: streaming". Where servers differ (a missing
//! `index` of a tool call, arguments as an object, no `[DONE]`, thoughts in `<think>`), all that was met is taken.

mod completion;
mod config;
mod conversation;
mod failure;
mod history;
mod request;
mod sse;

pub use config::{Config, ConfigError};

use crate::brain::{Brain, Clock, Mind, SystemClock};
use crate::engine::ToolSpec;
use conversation::Conversation;
use request::Endpoint;
use secretary::Secretary;
use std::sync::Arc;

/// The brain, shared by all calls: they share its connections.
#[derive(Clone)]
pub struct ChatBrain {
    endpoint: Arc<Endpoint>,
    clock: Arc<dyn Clock>,
}

impl ChatBrain {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When an address, model or key cannot be put into a request, or no TLS provider is installed.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let endpoint = Arc::new(Endpoint::new(config)?);
        Ok(Self {
            endpoint,
            clock: Arc::new(SystemClock),
        })
    }
}

impl Brain for ChatBrain {
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        Box::new(Conversation::new(
            self.endpoint.clone(),
            secretary,
            &tools,
            self.clock.clone(),
        ))
    }
}
