//! Accepting connections: bounded in number, in all and for each address, and in the time that each may take to become a call.

use crate::door::Connection;
use crate::limits::{Hush, LogLines, Passage, Silent};
use crate::refusal::Refusal;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fmt::Display;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// A request's line and headers fit into so much, and so does what is read ahead of a stream.
const REQUEST_BYTES: usize = 16 * 1024;

/// How long accepting rests when the system has no more descriptors or memory.
const REST: Duration = Duration::from_millis(500);

/// How long somebody who may not enter may take to be told so, and how many are told at once; the others are closed.
const TURNED_AWAY: Duration = Duration::from_millis(250);
const TOLD_AT_ONCE: usize = 64;

/// Something that answers requests.
pub(crate) trait Answer: Send + Sync + 'static {
    /// Whether a connection from there may make a request. What is given is held until it has become a call, or is gone.
    fn enter(&self, _peer: SocketAddr) -> Result<Option<Passage>, Refusal> {
        Ok(None)
    }

    /// The answer to one request.
    fn answer(
        self: Arc<Self>,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// How a listener takes connections.
#[derive(Clone)]
pub(crate) struct Terms {
    /// Connections at once that have not become calls.
    pub(crate) connections: usize,
    /// How long each may take.
    pub(crate) time: Duration,
    /// What encrypts them, where they are.
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Accepts connections until `stop`. Calls that came of them go on.
pub(crate) async fn listen<A: Answer>(
    listener: TcpListener,
    terms: Terms,
    site: Arc<A>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(terms.connections));
    let turned_away = Arc::new(Semaphore::new(TOLD_AT_ONCE));
    let silent = Arc::<Silent>::default();
    let lines = Arc::new(LogLines::new(Instant::now()));
    let accept = async {
        loop {
            let (socket, peer) = next(&listener).await;
            let visit = Visit {
                peer,
                lines: lines.clone(),
            };
            match site.enter(peer) {
                Ok(passage) => {
                    // While all places have requests to be answered, connections wait in the system's queue.
                    let Some(place) = place(&places, &silent).await else {
                        return;
                    };
                    let hush = silent.came(peer.ip());
                    let (site, terms) = (site.clone(), terms.clone());
                    tokio::spawn(async move {
                        visit.serve(socket, terms, site, hush).await;
                        drop((passage, place));
                    });
                }
                // A handshake costs more than the answer is worth.
                Err(_) if terms.tls.is_some() => {}
                Err(refusal) => {
                    let Ok(turn) = turned_away.clone().try_acquire_owned() else {
                        continue;
                    };
                    tokio::spawn(async move {
                        visit.turn_away(socket, &refusal).await;
                        drop(turn);
                    });
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop.cancelled() => {}
    }
}

/// A place for one more; where none is left, somebody who has asked for nothing yet makes room.
async fn place(places: &Arc<Semaphore>, silent: &Silent) -> Option<OwnedSemaphorePermit> {
    for _ in 0..2 {
        if let Ok(place) = places.clone().try_acquire_owned() {
            return Some(place);
        }
        // A request that has come with its connection is read before it counts as silent.
        tokio::task::yield_now().await;
    }
    silent.make_room();
    places.clone().acquire_owned().await.ok()
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

/// One connection.
struct Visit {
    peer: SocketAddr,
    lines: Arc<LogLines>,
}

impl Visit {
    /// A request and its answer, or the way up to a stream.
    async fn serve<A: Answer>(&self, socket: TcpStream, terms: Terms, site: Arc<A>, hush: Hush) {
        // Frames are small and late ones are worthless. An error means that the other end is gone, which the next read tells.
        let _ = socket.set_nodelay(true);
        let socket = Connection::accepted(socket);
        let peer = self.peer;
        let answer = |request| {
            hush.ends();
            let site = site.clone();
            async move { site.answer(peer, request).await }
        };
        let conversation = async {
            match &terms.tls {
                None => {
                    self.converse(socket, answer, "this port speaks plain ws:// and http://; for wss:// set server.tls")
                        .await;
                }
                Some(tls) => match tls.accept(socket).await {
                    Ok(stream) => self.converse(stream, answer, "a call is asked for by a GET").await,
                    Err(error) => self.tell(&error, "no TLS connection came about; this port speaks wss:// and https://, as server.tls is set"),
                },
            }
        };
        let told = tokio::select! {
            ended = tokio::time::timeout(terms.time, conversation) => match ended {
                Ok(()) => return,
                Err(_) => format!("nothing whole came within {} s (server.upgrade_seconds)", terms.time.as_secs()),
            },
            () = hush.given_up() => "others wait, and it had asked for nothing (server.max_handshakes)".to_owned(),
        };
        self.tell(&told, "a connection was closed");
    }

    /// Says why nothing more is looked at, if a request comes at once.
    async fn turn_away(&self, socket: TcpStream, refusal: &Refusal) {
        let answer = |_| async { refusal.response() };
        let _ = tokio::time::timeout(TURNED_AWAY, self.converse(socket, answer, "")).await;
    }

    async fn converse<S, F>(&self, stream: S, answer: impl Fn(Request<Incoming>) -> F, remedy: &str)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Response<Body>>,
    {
        let service = service_fn(|request| {
            let answered = answer(request);
            async move { Ok::<_, Infallible>(last(answered.await)) }
        });
        let connection = http1::Builder::new()
            .max_buf_size(REQUEST_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        match connection.await {
            Ok(()) => {}
            Err(error) if error.is_parse() => {
                self.tell(&error, &format!("that was no HTTP request; {remedy}"))
            }
            Err(error) => tracing::debug!(peer = %self.peer, %error, "a connection ended early"),
        }
    }

    fn tell(&self, error: &dyn Display, what: &str) {
        if let Some(left_out) = self.lines.next(Instant::now()) {
            tracing::info!(peer = %self.peer, %error, left_out, "{what}");
        }
    }
}
