//! The request that opens the WebSocket, and what it means when that fails.

use super::config::{Config, ConfigError};
use super::failure;
use crate::engine::ConnectError;
use crate::realtime::{Dialler, Refused, Socket};
use call::FailureKind;
use std::fmt;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, uri_mode};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, HeaderValue};

/// What every connection of an engine has in common.
#[derive(Clone)]
pub(super) struct Connector {
    uri: Uri,
    authorization: HeaderValue,
    dialler: Dialler,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let uri = uri_of(&config.url, &config.model)?;
        if config.key.reveal().is_empty() {
            return Err(ConfigError::Key);
        }
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", config.key.reveal())).map_err(|_| ConfigError::Key)?;
        authorization.set_sensitive(true);
        Ok(Self {
            uri,
            authorization,
            dialler: Dialler::new().map_err(|error| ConfigError::Tls(error.to_string()))?,
        })
    }

    /// Connects, within `limit` from the look-up of the name to the end of the upgrade.
    pub(super) async fn connect(&self, limit: Duration) -> Result<Socket, ConnectError> {
        let request = self.request()?;
        self.dialler
            .dial(request, limit)
            .await
            .map_err(|refused| self.failed(refused))
    }

    /// `OpenAI-Beta` is not sent: the beta's shape is refused.
    fn request(&self) -> Result<Request, ConnectError> {
        let mut request = self
            .uri
            .clone()
            .into_client_request()
            .map_err(|error| self.failed(Refused::Unreachable(error.to_string())))?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
        Ok(request)
    }

    fn failed(&self, refused: Refused) -> ConnectError {
        let host = self.uri.host().unwrap_or_default();
        let (kind, message) = match refused {
            Refused::Status { status, body } => failure::of_status(status, body.as_deref()),
            Refused::NoWebSocket(error) => {
                let what = format!("{host} does not speak WebSocket: {error}");
                (
                    FailureKind::Protocol,
                    failure::plain(FailureKind::Protocol, &what),
                )
            }
            Refused::Unreachable(reason) => (
                FailureKind::Transient,
                format!(
                    "{host} cannot be reached: {reason}; check openai.url, this machine's DNS, clock, firewall and any proxy"
                ),
            ),
        };
        ConnectError { kind, message }
    }
}

fn uri_of(url: &str, model: &str) -> Result<Uri, ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    if model.is_empty() || !model.chars().all(plain) {
        return Err(ConfigError::Model(model.chars().take(64).collect()));
    }
    let join = if url.contains('?') { '&' } else { '?' };
    // What is before an @ may be a password.
    let shown = url.rsplit('@').next().unwrap_or_default();
    let bad = || ConfigError::Url(shown.chars().take(128).collect());
    let uri: Uri = format!("{url}{join}model={model}").parse().map_err(|_| bad())?;
    let has_user = uri.authority().is_some_and(|a| a.as_str().contains('@'));
    if uri_mode(&uri).is_err() || uri.host().is_none_or(str::is_empty) || has_user {
        return Err(bad());
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_goes_into_the_url() {
        let uri = |url, model| uri_of(url, model).map(|u| u.to_string());
        assert_eq!(
            uri("wss://h/v1/realtime", "m-2.1").unwrap(),
            "wss://h/v1/realtime?model=m-2.1"
        );
        assert_eq!(uri("ws://h:1/v1?a=b", "m").unwrap(), "ws://h:1/v1?a=b&model=m");
        assert_eq!(uri("https://h/", "m"), Err(ConfigError::Url("https://h/".into())));
        assert_eq!(
            uri("wss://user:word@h/", "m"),
            Err(ConfigError::Url("h/".into())),
            "a password is not repeated"
        );
        assert_eq!(
            uri("wss://h", "a model"),
            Err(ConfigError::Model("a model".into()))
        );
    }
}
