//! How a service wants its key.

use crate::ApiKey;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};

/// The header that carries a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer KEY`: OpenAI and its like.
    Bearer,
    /// `Authorization: Token KEY`: Deepgram.
    Token,
    /// A header of the service's own, such as `api-key`, `x-api-key`, `xi-api-key`; in lower case.
    Named(&'static str),
}

/// A key that no header can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoKey;

impl From<InvalidHeaderValue> for NoKey {
    fn from(_: InvalidHeaderValue) -> Self {
        Self
    }
}

impl KeyHeader {
    /// The header with this key, which no log shows.
    pub(crate) fn with(self, key: &ApiKey) -> Result<(HeaderName, HeaderValue), NoKey> {
        let key = key.reveal();
        if key.is_empty() {
            return Err(NoKey);
        }
        let (name, text) = match self {
            Self::Bearer => (AUTHORIZATION, format!("Bearer {key}")),
            Self::Token => (AUTHORIZATION, format!("Token {key}")),
            Self::Named(name) => (HeaderName::from_static(name), key.to_owned()),
        };
        let mut value = HeaderValue::try_from(text)?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}
