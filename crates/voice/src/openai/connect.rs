//! The request that opens the WebSocket, and what it means when that fails.

use super::config::{Config, ConfigError};
use super::failure::Names;
use crate::ApiKey;
use crate::engine::ConnectError;
use crate::realtime::{Dialler, Refused, Socket};
use call::FailureKind;
use std::fmt;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, uri_mode};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::header::{HeaderName, HeaderValue};

/// What every connection of an engine has in common.
#[derive(Clone)]
pub(super) struct Connector {
    uri: Uri,
    key: (HeaderName, HeaderValue),
    names: Names,
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
        let names = config.names();
        let url = with_model(config, &names)?;
        Self::to(&url, &config.key, names, config.dialect.url())
    }

    /// To an address as it is; `example` is one that would be right.
    pub(super) fn to(
        url: &str,
        key: &ApiKey,
        names: Names,
        example: &'static str,
    ) -> Result<Self, ConfigError> {
        let key = names.dialect.key_header().with(key);
        Ok(Self {
            uri: uri_of(url, &names, example)?,
            key: key.map_err(|_| ConfigError::Key {
                table: names.table.clone(),
            })?,
            dialler: Dialler::new().map_err(|error| ConfigError::Tls(error.to_string()))?,
            names,
        })
    }

    /// Connects, within `limit` from the look-up of the name to the end of the upgrade. `resume` is the conversation that goes on,
    /// where the provider has that.
    pub(super) async fn connect(
        &self,
        resume: Option<&str>,
        limit: Duration,
    ) -> Result<Socket, ConnectError> {
        let request = self.request(resume)?;
        self.dialler
            .dial(request, limit)
            .await
            .map_err(|refused| self.failed(refused))
    }

    /// `OpenAI-Beta` is not sent: the beta's shape is refused.
    fn request(&self, resume: Option<&str>) -> Result<Request, ConnectError> {
        let uri = match resume {
            Some(conversation) => format!("{}&conversation_id={conversation}", self.uri),
            None => self.uri.to_string(),
        };
        let mut request = uri
            .into_client_request()
            .map_err(|error| self.failed(Refused::Unreachable(error.to_string())))?;
        let (name, value) = self.key.clone();
        request.headers_mut().insert(name, value);
        Ok(request)
    }

    fn failed(&self, refused: Refused) -> ConnectError {
        let host = self.uri.host().unwrap_or_default();
        let (kind, message) = match refused {
            Refused::Status { status, body } => self.names.of_status(status, body.as_deref()),
            Refused::NoWebSocket(error) => {
                let what = format!("{host} does not speak WebSocket: {error}");
                (
                    FailureKind::Protocol,
                    self.names.plain(FailureKind::Protocol, &what),
                )
            }
            Refused::Unreachable(reason) => (
                FailureKind::Transient,
                format!(
                    "{host} cannot be reached: {reason}; check {}.url, this machine's DNS, clock, firewall and any proxy",
                    self.names.table
                ),
            ),
        };
        ConnectError { kind, message }
    }
}

/// The address with the model in it.
fn with_model(config: &Config, names: &Names) -> Result<String, ConfigError> {
    let (url, model) = (config.url.as_str(), config.model.as_str());
    if model.is_empty() || !is_plain(model) {
        return Err(ConfigError::Model {
            table: names.table.clone(),
            model: model.chars().take(64).collect(),
            example: config.dialect.model(),
        });
    }
    let join = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{join}model={model}"))
}

fn uri_of(url: &str, names: &Names, example: &'static str) -> Result<Uri, ConfigError> {
    // What is before an @ may be a password.
    let shown = url.rsplit('@').next().unwrap_or_default();
    let bad = || ConfigError::Url {
        table: names.table.clone(),
        url: shown.chars().take(128).collect(),
        example,
    };
    let uri: Uri = url.parse().map_err(|_| bad())?;
    let has_user = uri.authority().is_some_and(|a| a.as_str().contains('@'));
    if uri_mode(&uri).is_err() || uri.host().is_none_or(str::is_empty) || has_user {
        return Err(bad());
    }
    Ok(uri)
}

/// True of what may stand in a query as it is.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(url: &str, model: &str) -> Result<String, ConfigError> {
        let config = Config {
            url: url.into(),
            model: model.into(),
            ..Config::new(ApiKey::new("sk-test"))
        };
        let names = config.names();
        let url = with_model(&config, &names)?;
        uri_of(&url, &names, config.dialect.url()).map(|uri| uri.to_string())
    }

    fn refused_url(url: &str) -> String {
        match uri(url, "m") {
            Err(ConfigError::Url { url, .. }) => url,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_model_goes_into_the_url() {
        assert_eq!(
            uri("wss://h/v1/realtime", "m-2.1").unwrap(),
            "wss://h/v1/realtime?model=m-2.1"
        );
        assert_eq!(uri("ws://h:1/v1?a=b", "m").unwrap(), "ws://h:1/v1?a=b&model=m");
        assert_eq!(refused_url("https://h/"), "https://h/?model=m");
        assert_eq!(
            refused_url("wss://user:word@h/"),
            "h/?model=m",
            "a password is not repeated"
        );
        assert!(
            matches!(uri("wss://h", "a model"), Err(ConfigError::Model { model, .. }) if model == "a model")
        );
    }
}
