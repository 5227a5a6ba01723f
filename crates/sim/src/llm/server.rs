//! The server: who asks is given the next reply.

use super::reply::Part;
use super::{Reply, Wire};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// One request as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The path of the address.
    pub path: String,
    /// Its query.
    pub query: Option<String>,
    /// The body.
    pub body: Value,
    headers: HeaderMap,
}

impl Asked {
    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The messages of the conversation, in OpenAI's and Anthropic's languages.
    pub fn messages(&self) -> &[Value] {
        self.body["messages"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// What the server has seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The requests, in order.
    pub asked: Vec<Asked>,
    /// How many answers are being given.
    pub open: usize,
    /// How many answers were given up by the one who asked.
    pub cancelled: usize,
}

/// The server. Dropping it stops it.
pub struct LlmServer {
    address: SocketAddr,
    seen: watch::Receiver<Seen>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Shared {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: watch::Sender<Seen>,
}

impl LlmServer {
    /// Starts it on a free port of this machine; each request gets the next reply, and after the last an error 500. A request that the
    /// real one would refuse is refused, and costs no reply.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> std::io::Result<Self> {
        let (sender, seen) = watch::channel(Seen::default());
        let replies = Arc::new(Mutex::new(replies.into_iter().collect()));
        let shared = Shared {
            replies,
            seen: sender,
        };
        let app = Router::new().fallback(answer).with_state(shared);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                // It ends only when it is stopped.
                _ = axum::serve(listener, app).into_future() => {}
                () = stopped.cancelled() => {}
            }
        });
        Ok(Self {
            address,
            seen,
            _stop: stop.drop_guard(),
        })
    }

    /// Its address without a path.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of an API, up to and with its version.
    pub fn base_url(&self, wire: Wire) -> String {
        format!("{}{}", self.origin(), wire.version())
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until what it has seen fits.
    pub async fn until(&self, fits: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.clone();
        // The sender lives as long as the server, which this borrows.
        seen.wait_for(fits)
            .await
            .map_or_else(|_| Seen::default(), |seen| seen.clone())
    }
}

/// Counts an answer while it is given, and as given up unless it came to its end.
struct Giving {
    seen: watch::Sender<Seen>,
    complete: bool,
}

impl Giving {
    fn begin(seen: watch::Sender<Seen>) -> Self {
        seen.send_modify(|seen| seen.open += 1);
        Self {
            seen,
            complete: false,
        }
    }

    fn complete(&mut self) {
        self.complete = true;
    }
}

impl Drop for Giving {
    fn drop(&mut self) {
        self.seen.send_modify(|seen| {
            seen.open -= 1;
            seen.cancelled += usize::from(!self.complete);
        });
    }
}

async fn answer(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let asked = Asked {
        path: uri.path().into(),
        query: uri.query().map(Into::into),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        headers,
    };
    let wire = Wire::of_path(&asked.path);
    let refusal = wire.and_then(|wire| wire.refusal(&asked));
    shared.seen.send_modify(|seen| seen.asked.push(asked));
    let (Some(wire), None) = (wire, &refusal) else {
        let (status, body) = refusal.unwrap_or((404, "no such page".into()));
        return given(Reply::refusing(status, body.to_string()), Wire::Chat, shared.seen);
    };
    let next = shared
        .replies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    let reply =
        next.unwrap_or_else(|| Reply::refusing(500, "{\"error\": \"no reply is left in the script\"}"));
    given(reply, wire, shared.seen)
}

fn given(reply: Reply, wire: Wire, seen: watch::Sender<Seen>) -> Response<Body> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if reply.streamed {
        "text/event-stream; charset=utf-8"
    } else {
        "application/json"
    };
    let pieces = stream::unfold(
        (reply.parts(wire), Giving::begin(seen)),
        move |(mut parts, mut giving)| async move {
            loop {
                match parts.pop_front() {
                    Some(Part::Bytes(bytes)) => return Some((Ok(bytes), (parts, giving))),
                    Some(Part::Pause(pause)) => tokio::time::sleep(pause).await,
                    Some(Part::Hang) => std::future::pending().await,
                    Some(Part::Break) => {
                        // What came before is sent while the stream waits.
                        tokio::task::yield_now().await;
                        giving.complete();
                        let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "as scripted");
                        return Some((Err(error), (VecDeque::new(), giving)));
                    }
                    None => {
                        giving.complete();
                        return None;
                    }
                }
            }
        },
    );
    let mut response = Response::new(Body::from_stream(pieces.boxed()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
