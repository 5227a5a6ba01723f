//! Where the model is, and how long it may take.

use crate::ApiKey;
use serde_json::{Map, Value};
use std::time::Duration;

/// What a chat brain is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address of the API up to and with its version, such as `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// The model's name, as the endpoint knows it.
    pub model: String,
    /// The key, where the endpoint wants one.
    pub api_key: Option<ApiKey>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the first token may take, from the request on.
    pub first_token_timeout: Duration,
    /// How long each further token may take.
    pub token_timeout: Duration,
    /// How many characters of a conversation the model is shown; the oldest turns are left out first.
    pub history_characters: usize,
    /// Whether the endpoint is asked how many tokens an answer took (`stream_options`), which few old ones refuse.
    pub count_tokens: bool,
    /// More keys of the request, as the endpoint knows them (`temperature`, `max_tokens`, `reasoning_effort`).
    pub options: Map<String, Value>,
}

impl Config {
    /// The usual times: connect 3 s, first token 10 s, each further token 10 s; about 6000 tokens of conversation.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            api_key: None,
            connect_timeout: Duration::from_secs(3),
            first_token_timeout: Duration::from_secs(10),
            token_timeout: Duration::from_secs(10),
            history_characters: 24_000,
            count_tokens: false,
            options: Map::new(),
        }
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The address is none.
    #[error("chat.base_url {url:?}: {reason}; it must look like http://127.0.0.1:11434/v1")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No model is named.
    #[error("chat.model is empty; name a model that {0} has")]
    Model(String),
    /// The key is empty or has characters that no header may have.
    #[error(
        "chat.api_key is empty or has characters that no key has; leave it out where the endpoint wants none"
    )]
    Key,
    /// The HTTP client cannot be made.
    #[error("no HTTP client for chat.base_url: {0}")]
    Client(String),
}
