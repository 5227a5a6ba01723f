//! A stand-in's server on this machine.

use super::{Connection, Log};
use axum::Router;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    log: watch::Receiver<Log>,
    _end: DropGuard,
}

impl Server {
    /// Starts what `routes` makes of the server's address and of what its connections share, on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub(crate) async fn start(
        routes: impl FnOnce(SocketAddr, Connection) -> Router,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, log) = watch::channel(Log::default());
        let end = CancellationToken::new();
        let connection = Connection {
            log: sender,
            end: end.clone(),
        };
        let app = routes(address, connection);
        let served = end.clone();
        tokio::spawn(async move {
            // An error would be the listener's own end, which the next connection shows.
            let _ = axum::serve(listener, app)
                .with_graceful_shutdown(served.cancelled_owned())
                .await;
        });
        Ok(Self {
            address,
            log,
            _end: end.drop_guard(),
        })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was said so far.
    pub(crate) fn log(&self) -> Log {
        self.log.borrow().clone()
    }

    /// Waits until the log is as wanted, and gives it. Never, if it does not become so: put a limit around it.
    pub(crate) async fn until(&self, wanted: impl FnMut(&Log) -> bool) -> Log {
        let mut log = self.log.clone();
        match log.wait_for(wanted).await {
            Ok(log) => log.clone(),
            Err(_) => std::future::pending().await,
        }
    }
}
