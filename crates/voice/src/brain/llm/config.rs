//! Where the model is, and how long it may take.

use super::vendor::Vendor;
use crate::ApiKey;
use crate::service::{Access, ServiceError};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a language model is asked with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who serves it.
    pub vendor: Vendor,
    /// The address of the API up to and with its version, such as `http://127.0.0.1:11434/v1`. A query stays behind what is added.
    pub base_url: String,
    /// The model's name, as the endpoint knows it.
    pub model: String,
    /// The key, where the endpoint wants one.
    pub api_key: Option<ApiKey>,
    /// The table of the configuration that messages name: `chat`.
    pub table: String,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the first token may take, from the request on.
    pub first_token_timeout: Duration,
    /// How long each further token may take.
    pub token_timeout: Duration,
    /// How many characters of a conversation the model is shown; the oldest turns are left out first.
    pub history_characters: usize,
    /// Whether the endpoint is asked how many tokens an answer took (`stream_options`), which few old ones refuse. Anthropic and Gemini
    /// tell it unasked.
    pub count_tokens: bool,
    /// How many tokens an answer may have, thoughts among them; none leaves it to the endpoint. Anthropic wants a number: 4096 if none
    /// is given.
    pub longest_answer: Option<u32>,
    /// More headers of the request (`HTTP-Referer`, `OpenAI-Organization`, `anthropic-beta`).
    pub headers: BTreeMap<String, String>,
    /// More keys of the request, as the endpoint knows them (`temperature`, `reasoning_effort`, `generationConfig`). A table is
    /// put into the table that is there.
    pub options: Map<String, Value>,
}

impl Config {
    /// A model at an address that speaks OpenAI's `/chat/completions`, with the usual times: connect 3 s, first token 10 s, each further
    /// token 10 s; about 6000 tokens of conversation.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            vendor: Vendor::Compatible,
            base_url: base_url.into(),
            model: model.into(),
            api_key: None,
            table: "chat".into(),
            connect_timeout: Duration::from_secs(3),
            first_token_timeout: Duration::from_secs(10),
            token_timeout: Duration::from_secs(10),
            history_characters: 24_000,
            count_tokens: false,
            longest_answer: None,
            headers: BTreeMap::new(),
            options: Map::new(),
        }
    }

    /// A model of a vendor, at its own address (empty where each customer has another).
    pub fn of(vendor: Vendor, model: impl Into<String>) -> Self {
        Self {
            vendor,
            ..Self::new(vendor.base_url().unwrap_or_default(), model)
        }
    }

    /// Where the endpoint is and how one is let in, and the query that belongs to each of its addresses (Azure's version of the API).
    pub(super) fn access(&self) -> Result<(Access, Option<String>), ConfigError> {
        let missing = |setting, remedy| ServiceError::Missing {
            table: self.table.clone(),
            setting,
            remedy,
        };
        if self.model.trim().is_empty() {
            return Err(missing("model", "name a model that the endpoint has").into());
        }
        if self.api_key.is_none() && self.vendor.wants_key() {
            return Err(missing("api_key", "this endpoint answers nobody without one").into());
        }
        let (url, query) = match self.base_url.split_once('?') {
            Some((url, query)) => (url, Some(query.to_owned())),
            None => (self.base_url.as_str(), None),
        };
        let access = Access {
            api_key: self.api_key.clone(),
            connect_timeout: self.connect_timeout,
            ..Access::new(&self.table, url)
        };
        Ok((access, query))
    }
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The address, the key or the model.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A header is none.
    #[error(
        "{table}.headers: {name:?} or its value cannot be a header; a name has letters, digits and dashes"
    )]
    Header {
        /// The table of the configuration.
        table: String,
        /// Its name.
        name: String,
    },
}
