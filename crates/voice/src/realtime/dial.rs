//! Opening the WebSocket.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

/// An open connection.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens the connections of an engine.
#[derive(Clone, Debug)]
pub(crate) struct Dialler {
    tls: Arc<ClientConfig>,
}

/// TLS is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("TLS cannot be set up: {0}; use a build whose rustls has the provider ring")]
pub(crate) struct TlsError(String);

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The provider answered the upgrade with something else.
    Status {
        /// The HTTP status.
        status: u16,
        /// What it says about it, as far as it came.
        body: Option<Vec<u8>>,
    },
    /// What answers there is no WebSocket.
    NoWebSocket(String),
    /// Nothing answers there.
    Unreachable(String),
}

impl Dialler {
    pub(crate) fn new() -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| TlsError(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: Arc::new(config),
        })
    }

    /// Connects, within `limit` from the look-up of the name to the end of the upgrade.
    pub(crate) async fn dial(&self, request: Request, limit: Duration) -> Result<Socket, Refused> {
        let tls = tokio_tungstenite::Connector::Rustls(self.tls.clone());
        let connecting = Box::pin(connect_async_tls_with_config(
            request,
            Some(buffers()),
            true,
            Some(tls),
        ));
        match tokio::time::timeout(limit, connecting).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(refused(error)),
            Err(_) => Err(Refused::Unreachable(format!(
                "no answer within {} ms",
                limit.as_millis()
            ))),
        }
    }
}

fn refused(error: Error) -> Refused {
    match error {
        Error::Http(response) => {
            let status = response.status().as_u16();
            Refused::Status {
                status,
                body: response.into_body(),
            }
        }
        Error::Protocol(_) | Error::Capacity(_) | Error::HttpFormat(_) => {
            Refused::NoWebSocket(error.to_string())
        }
        _ => Refused::Unreachable(error.to_string()),
    }
}

/// Nothing of ours waits in the library (the task counts what it has not written), and a message of the provider's may be as
/// large as a client's may be (15 MiB).
fn buffers() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(16 << 20))
        .max_frame_size(Some(16 << 20))
}
