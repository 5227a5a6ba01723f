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

pub use crate::openai::ApiKey;
pub use config::{Config, ConfigError};

use crate::brain::script::{Script, ScriptError, Scripts};
use crate::brain::{Brain, Clock, Mind, SystemClock};
use crate::engine::ToolSpec;
use conversation::Conversation;
use request::Endpoint;
use secretary::Secretary;
use std::sync::Arc;

/// The brain, shared by all calls: they share its connections.
pub struct ChatBrain {
    endpoint: Arc<Endpoint>,
    clock: Arc<dyn Clock>,
    scripts: Scripts,
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
            scripts: Scripts::default(),
        })
    }

    /// The same brain, with the same connections, that has read no script yet.
    pub fn afresh(&self) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            clock: self.clock.clone(),
            scripts: Scripts::default(),
        }
    }

    /// Reads the script of a secretary that names one: its facts are what `get_business_info` knows.
    pub fn prepare(&self, secretary: &Secretary) -> Result<Option<Arc<Script>>, ScriptError> {
        if secretary.script.is_empty() {
            return Ok(None);
        }
        self.scripts.open(&secretary.script).map(Some)
    }
}

impl Brain for ChatBrain {
    /// A script that cannot be read leaves the model without facts; [`ChatBrain::prepare`] tells earlier.
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        let script = self.prepare(&secretary).unwrap_or_else(|error| {
            tracing::warn!(secretary = secretary.name, %error, "the model gets no business facts");
            None
        });
        Box::new(Conversation::new(
            self.endpoint.clone(),
            &secretary,
            &tools,
            script,
            self.clock.clone(),
        ))
    }
}
