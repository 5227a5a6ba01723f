//! A stand-in for services of text to speech: OpenAI's `/audio/speech`, ElevenLabs, Deepgram Aura, Azure and Google, each with its own
//! address, key header, formats and refusals. What it speaks is a tone as long as the text; where a test wants faults, they are scripted.

mod audio;
mod vendor;

pub use audio::{tone, wav};
pub use vendor::{KEY, UNKNOWN_VOICE};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest request that is read.
const LONGEST: usize = 1 << 20;

/// How one request is answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    refusal: Option<(u16, String)>,
    content_type: Option<&'static str>,
    bytes: Option<Vec<u8>>,
    piece: usize,
    wait: Duration,
    end: End,
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum End {
    #[default]
    Whole,
    /// After so many bytes nothing more comes, and the connection stays open.
    Hangs(usize),
    /// After so many bytes the connection breaks.
    Breaks(usize),
    /// The audio is repeated without end.
    Floods,
}

impl Reply {
    /// The text as a tone, in the format that was asked for.
    pub fn audio() -> Self {
        Self::default()
    }

    /// A refusal with this status and body.
    pub fn refusing(status: u16, body: impl Into<String>) -> Self {
        Self {
            refusal: Some((status, body.into())),
            ..Self::default()
        }
    }

    /// These bytes with status 200, whatever was asked for.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: Some(bytes.into()),
            ..Self::default()
        }
    }

    /// The audio in pieces of so many bytes.
    #[must_use]
    pub fn in_pieces_of(self, piece: usize) -> Self {
        Self { piece, ..self }
    }

    /// Another content type than the service's own.
    #[must_use]
    pub fn typed(self, content_type: &'static str) -> Self {
        Self {
            content_type: Some(content_type),
            ..self
        }
    }

    /// So long a wait before the status.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Nothing more after so many bytes, with the connection open.
    #[must_use]
    pub fn hanging_after(self, bytes: usize) -> Self {
        Self {
            end: End::Hangs(bytes),
            ..self
        }
    }

    /// The connection breaks after so many bytes.
    #[must_use]
    pub fn breaking_after(self, bytes: usize) -> Self {
        Self {
            end: End::Breaks(bytes),
            ..self
        }
    }

    /// Audio without end.
    #[must_use]
    pub fn flooding(self) -> Self {
        Self {
            end: End::Floods,
            ..self
        }
    }
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The path.
    pub path: String,
    /// The parameters of the query, in alphabetical order.
    pub query: Vec<String>,
    /// The header that carries the key, with the key.
    pub key: Option<(String, String)>,
    /// The type of the body, without parameters.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// What the server has seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The requests, in order.
    pub asked: Vec<Asked>,
    /// How many answers were given up by the one who asked.
    pub cancelled: usize,
}

/// The server. Dropping it stops it.
pub struct SpeechServer {
    address: SocketAddr,
    seen: watch::Receiver<Seen>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Shared {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: watch::Sender<Seen>,
}

impl SpeechServer {
    /// Starts it on a free port of this machine; each request gets the next reply, and after the last [`Reply::audio`].
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> std::io::Result<Self> {
        let (sender, seen) = watch::channel(Seen::default());
        let shared = Shared {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
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

    /// Its address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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

async fn answer(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST).await.unwrap_or_default();
    let asked = vendor::asked(&parts, &body);
    let given = vendor::answer(&parts, &asked);
    shared.seen.send_modify(|seen| seen.asked.push(asked));
    let next = shared
        .replies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    let reply = next.unwrap_or_default();
    let watched = GivenUp {
        seen: Some(shared.seen.clone()),
    };
    tokio::time::sleep(reply.wait).await;
    let (status, kind, body) = match (&reply.refusal, &reply.bytes) {
        (Some((status, body)), _) => (*status, "application/json", body.clone().into_bytes()),
        (None, Some(bytes)) => (200, given.content_type, bytes.clone()),
        (None, None) => (given.status, given.content_type, given.body),
    };
    let kind = reply.content_type.unwrap_or(kind);
    let mut response = Response::new(streamed(&body, &reply, watched));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The body, with the faults that the reply asks for.
fn streamed(body: &[u8], reply: &Reply, watched: GivenUp) -> Body {
    let piece = if reply.piece == 0 { 4096 } else { reply.piece };
    let length = match reply.end {
        End::Hangs(bytes) | End::Breaks(bytes) => bytes.min(body.len()),
        End::Whole | End::Floods => body.len(),
    };
    let pieces: VecDeque<Bytes> = body[..length].chunks(piece).map(Bytes::copy_from_slice).collect();
    let end = reply.end;
    let left = (pieces.clone(), watched);
    let stream = stream::unfold(left, move |(mut left, mut watched)| {
        let again = pieces.clone();
        async move {
            if let Some(bytes) = left.pop_front() {
                // Each piece is a write of its own.
                tokio::task::yield_now().await;
                return Some((Ok(bytes), (left, watched)));
            }
            match end {
                End::Whole => {
                    watched.seen.take();
                    None
                }
                End::Hangs(_) => std::future::pending().await,
                End::Breaks(_) => {
                    watched.seen.take();
                    let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "as scripted");
                    Some((Err(error), (left, watched)))
                }
                End::Floods => {
                    left = again;
                    let first = left.pop_front()?;
                    Some((Ok(first), (left, watched)))
                }
            }
        }
    });
    Body::from_stream(stream.boxed())
}

/// Counts an answer as given up unless it came to its end.
struct GivenUp {
    seen: Option<watch::Sender<Seen>>,
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let Some(seen) = &self.seen {
            seen.send_modify(|seen| seen.cancelled += 1);
        }
    }
}
