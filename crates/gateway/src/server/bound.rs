//! The addresses of a gateway: one for streams, one for whoever runs it.

use super::StartError;
use crate::config::ServerConfig;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Both listeners, before anybody is answered.
pub(super) struct Bound {
    pub(super) stream: TcpListener,
    pub(super) control: TcpListener,
    pub(super) stream_addr: SocketAddr,
    pub(super) control_addr: SocketAddr,
}

impl Bound {
    /// Binds what is configured.
    pub(super) async fn to(server: &ServerConfig) -> Result<Self, StartError> {
        let stream = bind("server.listen", server.listen).await?;
        let control = bind("server.control", server.control).await?;
        Ok(Self {
            stream_addr: stream.local_addr().unwrap_or(server.listen),
            control_addr: control.local_addr().unwrap_or(server.control),
            stream,
            control,
        })
    }
}

async fn bind(key: &'static str, addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr)
        .await
        .map_err(|source| StartError::Bind { key, addr, source })
}

/// What helps where an address cannot be listened on.
pub(super) fn remedy(error: &std::io::Error, addr: &SocketAddr, key: &str) -> String {
    let port = addr.port();
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "is another voice-ai running? `ss -ltnp 'sport = :{port}'` shows what holds it; end that, or set {key} to \
             another port"
        ),
        ErrorKind::AddrNotAvailable => {
            format!(
                "this machine has no address {}; `ip addr` shows those it has",
                addr.ip()
            )
        }
        ErrorKind::PermissionDenied => format!("port {port} is for root; set {key} to a port above 1023"),
        _ => format!("set {key} to another address"),
    }
}
