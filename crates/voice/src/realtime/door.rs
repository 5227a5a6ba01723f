//! A provider's address and the key that opens it.

use super::{Dialler, Refused, Socket};
use crate::ApiKey;
use crate::engine::ConnectError;
use crate::service::{KeyHeader, Place};
use std::fmt;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, uri_mode};
use tokio_tungstenite::tungstenite::http::header::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::http::{Error, Uri};

/// Opens connections to one address with one key.
#[derive(Clone)]
pub(crate) struct Door {
    uri: Uri,
    header: (HeaderName, HeaderValue),
    key: ApiKey,
    dialler: Dialler,
    place: Place,
}

/// What is wrong with the configuration of an engine that is reached by a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// There is no key, or one with characters that no header may have.
    #[error("{table}.api_key is empty or has characters that no key has; set it to a key of your account")]
    Key {
        /// The table of the configuration.
        table: String,
    },
    /// The address is none.
    #[error("{table}.url {url:?} is not a WebSocket URL; {example} is one")]
    Url {
        /// The table of the configuration.
        table: String,
        /// As given, without what may be a password.
        url: String,
        /// What would be right.
        example: &'static str,
    },
    /// TLS is not to be had.
    #[error("{0}")]
    Tls(String),
}

/// Where a door is, as the configuration has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address<'a> {
    /// The table of the configuration, such as `engines.gemini`.
    pub(crate) table: &'a str,
    /// The address.
    pub(crate) url: &'a str,
    /// An address that would be right.
    pub(crate) example: &'static str,
    /// The settings to check when a request is refused, such as "model and voice".
    pub(crate) settings: &'static str,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// Checks an address and a key. Nothing is connected yet.
    pub(crate) fn new(address: Address<'_>, header: KeyHeader, key: &ApiKey) -> Result<Self, DoorError> {
        let uri = uri_of(address)?;
        let table = || address.table.to_owned();
        let header = header.with(key).map_err(|_| DoorError::Key { table: table() })?;
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        Ok(Self {
            place: Place {
                service: host,
                table: table(),
                settings: address.settings,
            },
            uri,
            header,
            key: key.clone(),
            dialler: Dialler::new().map_err(|error| DoorError::Tls(error.to_string()))?,
        })
    }

    /// What messages name.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Connects, within `limit` from the look-up of the name to the end of the upgrade.
    pub(crate) async fn open(&self, limit: Duration) -> Result<Socket, ConnectError> {
        let request = self.uri.clone().into_client_request();
        let mut request = request.map_err(|error| self.failed(Refused::Unreachable(error.to_string())))?;
        let (name, value) = self.header.clone();
        request.headers_mut().insert(name, value);
        let dialled = self.dialler.dial(request, limit).await;
        dialled.map_err(|refused| self.failed(refused))
    }

    fn failed(&self, refused: Refused) -> ConnectError {
        refused.sorted(&self.place, &[self.key.reveal()])
    }
}

fn uri_of(address: Address<'_>) -> Result<Uri, DoorError> {
    let parsed: Result<Uri, Error> = address.url.parse().map_err(Error::from);
    let is_plain = |uri: &Uri| {
        let has_user = uri.authority().is_some_and(|a| a.as_str().contains('@'));
        uri_mode(uri).is_ok() && uri.host().is_some_and(|host| !host.is_empty()) && !has_user
    };
    // What is before an @ may be a password.
    let shown = address.url.rsplit('@').next().unwrap_or_default();
    parsed.ok().filter(is_plain).ok_or_else(|| DoorError::Url {
        table: address.table.into(),
        url: shown.chars().take(128).collect(),
        example: address.example,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(url: &str, key: &str) -> Result<Door, DoorError> {
        let address = Address {
            table: "engines.gemini",
            url,
            example: "wss://h/ws",
            settings: "model",
        };
        Door::new(address, KeyHeader::Token, &ApiKey::new(key))
    }

    #[test]
    fn what_cannot_work_is_refused_at_once_and_repeats_no_secret() {
        assert!(door("wss://h/ws?a=b", "k").is_ok());
        for (url, key) in [
            ("https://h/", "k"),
            ("wss://user:word@h/", "k"),
            ("h", "k"),
            ("wss://h", " \n"),
            ("wss://h", "k\u{7}"),
        ] {
            let error = door(url, key).unwrap_err().to_string();
            assert!(error.starts_with("engines.gemini."), "{error}");
            assert!(!error.contains("word@"), "{error}");
        }
        assert!(!format!("{:?}", door("wss://h", "secret").unwrap()).contains("secret"));
    }
}
