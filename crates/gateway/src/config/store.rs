//! Where what happened is kept.

use super::Config;
use super::error::Origin;
use super::node::Node;
use super::read::{Read, Reading};
use std::fmt;
use store::{Location, LocationError};

/// A database's URL. It is never shown: from the environment it may come with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// A file of SQLite below `data.dir`.
    pub(super) fn sqlite() -> Self {
        Self("sqlite:voice-ai.db".into())
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, _) = self.0.split_once(':').unwrap_or_default();
        write!(f, "{scheme}:…")
    }
}

impl Read for StoreUrl {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        let is_file = matches!(node.at, Origin::File(..));
        if is_file && has_password(&node) {
            let (at, key) = (node.at, node.path);
            let problem = "a password does not belong into this file; put it into the variable PGPASSWORD or into ~/.pgpass, or set \
                           the whole URL as VOICE_AI__STORE__URL"
                .into();
            reading.refuse(super::error::ConfigError::Value { at, key, problem });
            return None;
        }
        let (at, key) = (node.at.clone(), node.path.clone());
        let url = String::read(node, reading)?;
        // The parser's words never repeat the URL.
        match Location::parse(&url, std::path::Path::new("")) {
            Ok(_) => Some(Self(url)),
            Err(error) => {
                let problem = error.to_string();
                reading.refuse(super::error::ConfigError::Value { at, key, problem });
                None
            }
        }
    }
}

fn has_password(node: &Node) -> bool {
    let super::node::Value::Text(url) = &node.value else {
        return false;
    };
    let user = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

impl Config {
    /// Where the database is; a file of SQLite lies below `data.dir`.
    ///
    /// # Errors
    /// The URL names none, which reading the configuration has refused already.
    pub fn store_location(&self) -> Result<Location, LocationError> {
        Location::parse(&self.store.url.0, &self.data.dir)
    }
}
