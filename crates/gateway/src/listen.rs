//! Accepting connections: bounded in number and in the time that each may take to become a call.

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// A request's line and headers fit into so much, and so does what is read ahead of a stream.
const REQUEST_BYTES: usize = 16 * 1024;

/// How long accepting rests when the system has no more descriptors or memory.
const REST: Duration = Duration::from_millis(500);

/// Something that answers requests.
pub(crate) trait Answer: Send + Sync + 'static {
    /// The answer to one request.
    fn answer(
        self: Arc<Self>,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at once that have not become calls.
    pub(crate) connections: usize,
    /// How long each may take.
    pub(crate) time: Duration,
}

/// Accepts connections until `stop`. Calls that came of them go on.
pub(crate) async fn listen<A: Answer>(
    listener: TcpListener,
    limits: Limits,
    site: Arc<A>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let accept = async {
        loop {
            // Beyond the limit connections wait in the system's queue.
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            let (socket, peer) = next(&listener).await;
            let site = site.clone();
            tokio::spawn(async move {
                converse(socket, peer, limits.time, site).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop.cancelled() => {}
    }
}

async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The other end was gone before it was accepted.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
                ) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted; raise the limit of open files (ulimit -n)");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// A connection is for one answer, unless it goes on as a stream. (hyper's own `keep_alive(false)` would say `close` to a
/// stream too, and a client takes that for a refusal.)
fn last(mut response: Response<Body>) -> Response<Body> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Serves one connection: a request and its answer, or the way up to a stream.
async fn converse<A: Answer>(socket: TcpStream, peer: SocketAddr, limit: Duration, site: Arc<A>) {
    // Frames are small and late ones are worthless. An error means that the other end is gone, which the next read tells.
    let _ = socket.set_nodelay(true);
    let service = service_fn(move |request| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(last(site.answer(peer, request).await)) }
    });
    let connection = http1::Builder::new()
        .max_buf_size(REQUEST_BYTES)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    match tokio::time::timeout(limit, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if error.is_parse() => tracing::info!(
            %peer, %error,
            "that was no HTTP request; this port speaks plain ws:// and http://, so for wss:// put a proxy before it"
        ),
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection ended early"),
        Err(_) => tracing::info!(
            %peer, seconds = limit.as_secs(),
            "a connection made no whole request in time and was closed (server.upgrade_seconds)"
        ),
    }
}
