//! The brain that asks a language model over HTTP, streamed.
//!
//! What is the same for every provider (the conversation, its history, clauses, tools, server-sent events, failures, time-outs)
//! is in here once. How a provider is spoken to is one file with a `dialect::Dialect`: `chat` for the many that speak OpenAI's
//! `/chat/completions`, `anthropic`, `gemini`. What distinguishes those that speak the same is the table in `vendor`.

mod anthropic;
mod chat;
mod config;
mod conversation;
mod dialect;
mod facts;
mod failure;
mod gemini;
mod history;
mod prompt;
mod request;
mod sse;
mod thoughts;
mod vendor;

pub use config::{Config, ConfigError};
pub use vendor::{UnknownVendor, Vendor};

use crate::brain::{Brain, Clock, Mind, SystemClock};
use crate::engine::ToolSpec;
use conversation::Conversation;
use request::Endpoint;
use secretary::Secretary;
use std::sync::Arc;

/// The brain, shared by all calls: they share its connections.
#[derive(Clone)]
pub struct LanguageModel {
    endpoint: Arc<Endpoint>,
    clock: Arc<dyn Clock>,
}

impl LanguageModel {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When an address, model, header or key cannot be put into a request, or no TLS provider is installed.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let endpoint = Arc::new(Endpoint::new(config)?);
        Ok(Self {
            endpoint,
            clock: Arc::new(SystemClock),
        })
    }
}

impl Brain for LanguageModel {
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        Box::new(Conversation::new(
            self.endpoint.clone(),
            secretary,
            &tools,
            self.clock.clone(),
        ))
    }
}
