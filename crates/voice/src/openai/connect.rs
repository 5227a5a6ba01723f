//! Opening the WebSocket, and what it means when that fails.

use super::config::{Config, ConfigError};
use super::failure;
use crate::engine::ConnectError;
use call::FailureKind;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, client::uri_mode};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

/// An open connection.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What every connection of an engine has in common.
#[derive(Clone)]
pub(super) struct Connector {
    uri: Uri,
    authorization: HeaderValue,
    tls: Arc<ClientConfig>,
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
            tls: tls()?,
        })
    }

    /// Connects, within `limit` from the look-up of the name to the end of the upgrade.
    pub(super) async fn connect(&self, limit: Duration) -> Result<Socket, ConnectError> {
        let request = self.request().map_err(|e| self.failed(&e))?;
        let tls = tokio_tungstenite::Connector::Rustls(self.tls.clone());
        let connecting = Box::pin(connect_async_tls_with_config(
            request,
            Some(buffers()),
            true,
            Some(tls),
        ));
        match tokio::time::timeout(limit, connecting).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(self.unreachable(&format!("no answer within {} ms", limit.as_millis()))),
        }
    }

    /// `OpenAI-Beta` is not sent: the beta's shape is refused.
    fn request(&self) -> Result<Request, Error> {
        let mut request = self.uri.clone().into_client_request()?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
        Ok(request)
    }

    fn failed(&self, error: &Error) -> ConnectError {
        match error {
            Error::Http(response) => {
                let (kind, message) =
                    failure::of_status(response.status().as_u16(), response.body().as_deref());
                ConnectError { kind, message }
            }
            Error::Protocol(_) | Error::Capacity(_) | Error::HttpFormat(_) => {
                let what = format!("{} does not speak WebSocket: {error}", self.host());
                ConnectError {
                    kind: FailureKind::Protocol,
                    message: failure::plain(FailureKind::Protocol, &what),
                }
            }
            _ => self.unreachable(&error.to_string()),
        }
    }

    fn unreachable(&self, reason: &str) -> ConnectError {
        let message = format!(
            "{} cannot be reached: {reason}; check openai.url, this machine's DNS, clock, firewall and any proxy",
            self.host()
        );
        ConnectError {
            kind: FailureKind::Transient,
            message,
        }
    }

    fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
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

fn tls() -> Result<Arc<ClientConfig>, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ConfigError::Tls(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Nothing of ours waits in the library (the task counts what it has not written), and a message of the server's may be as
/// large as a client's may be (15 MiB).
fn buffers() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(16 << 20))
        .max_frame_size(Some(16 << 20))
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
