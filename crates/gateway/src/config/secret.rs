//! Values that no log, error or page may show.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// A password, token or key. Shown as `[secret]` whatever prints it.
#[derive(Clone)]
pub struct Secret(Arc<str>);

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretError {
    #[error("the environment variable {0} is not set; set it, or name another")]
    NoVariable(String),
    #[error("{file}: {source}; the service's user must be able to read it")]
    Unreadable { file: String, source: std::io::Error },
    #[error("the secret is empty")]
    Empty,
}

impl Secret {
    /// Wraps a secret, without the white space around it.
    pub(super) fn new(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        Ok(Self(text.into()))
    }

    /// Wraps one that was made here.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.into())
    }

    pub(super) fn from_file(file: &str) -> Result<Self, SecretError> {
        let text = std::fs::read_to_string(Path::new(file)).map_err(|source| SecretError::Unreadable {
            file: file.into(),
            source,
        })?;
        Self::new(&text)
    }

    /// The secret itself, to be handed to whoever needs it and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret, in a time that does not tell how much of it was right.
    pub fn matches(&self, claim: &str) -> bool {
        self.0.as_bytes().ct_eq(claim.as_bytes()).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
