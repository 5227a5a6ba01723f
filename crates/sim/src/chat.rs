//! A stand-in for an OpenAI-compatible `/v1/chat/completions`: it streams scripted replies as the real ones do, with their
//! faults where a test wants them, and keeps what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::post;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// One scripted answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    status: u16,
    streamed: bool,
    parts: Vec<Part>,
    /// The body is cut into pieces of so many bytes; 0 for one piece an event.
    piece: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Bytes(Bytes),
    Pause(Duration),
    /// Nothing more comes, and the stream stays open.
    Hang,
    /// The connection breaks.
    Break,
}

impl Reply {
    /// A streamed answer without anything in it yet.
    pub fn streaming() -> Self {
        let role = chunk(&json!({"role": "assistant", "content": ""}), None);
        Self {
            status: 200,
            streamed: true,
            parts: Vec::new(),
            piece: 0,
        }
        .event(&role)
    }

    /// A whole answer: this text, word by word, and the end.
    pub fn saying(text: &str) -> Self {
        Self::streaming().text(text).stop("stop")
    }

    /// A whole answer that uses one tool. The arguments come in pieces.
    pub fn using(id: &str, tool: &str, arguments: &str) -> Self {
        Self::streaming().call(0, id, tool, arguments).stop("tool_calls")
    }

    /// An error, or anything else that is no stream, with this body.
    pub fn refusing(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            streamed: false,
            parts: vec![Part::Bytes(Bytes::from(body.into()))],
            piece: 0,
        }
    }

    /// Adds text, word by word.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        text.split_inclusive(' ').fold(self, |reply, word| {
            reply.event(&chunk(&json!({"content": word}), None))
        })
    }

    /// Adds the call of a tool.
    #[must_use]
    pub fn call(self, index: u32, id: &str, tool: &str, arguments: &str) -> Self {
        let first = json!({"tool_calls": [{"index": index, "id": id, "type": "function",
            "function": {"name": tool, "arguments": ""}}]});
        let letters: Vec<char> = arguments.chars().collect();
        letters
            .chunks(5)
            .fold(self.event(&chunk(&first, None)), |reply, piece| {
                let piece: String = piece.iter().collect();
                let more = json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]});
                reply.event(&chunk(&more, None))
            })
    }

    /// Ends the answer: the reason, the usage, `[DONE]`.
    #[must_use]
    pub fn stop(self, reason: &str) -> Self {
        let mut usage = chunk(&json!({}), None);
        usage["choices"] = json!([]);
        usage["usage"] = json!({"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18});
        self.event(&chunk(&json!({}), Some(reason)))
            .event(&usage)
            .raw("data: [DONE]\n\n")
    }

    /// Adds an event with this data.
    #[must_use]
    pub fn event(self, data: &Value) -> Self {
        self.raw(&format!("data: {data}\n\n"))
    }

    /// Adds bytes as they are.
    #[must_use]
    pub fn raw(mut self, text: &str) -> Self {
        self.parts
            .push(Part::Bytes(Bytes::copy_from_slice(text.as_bytes())));
        self
    }

    /// Adds a pause.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.parts.push(Part::Pause(pause));
        self
    }

    /// Adds silence without end, with the stream open.
    #[must_use]
    pub fn hang(mut self) -> Self {
        self.parts.push(Part::Hang);
        self
    }

    /// Breaks the connection here.
    #[must_use]
    pub fn broken(mut self) -> Self {
        self.parts.push(Part::Break);
        self
    }

    /// Cuts all into pieces of so many bytes, across characters and events.
    #[must_use]
    pub fn in_pieces_of(mut self, bytes: usize) -> Self {
        self.piece = bytes;
        self
    }

    /// The data of its events, for a check against the official types.
    pub fn chunks(&self) -> Vec<Value> {
        let data = |part: &Part| match part {
            Part::Bytes(bytes) => serde_json::from_slice(bytes.strip_prefix(b"data: ")?).ok(),
            Part::Pause(_) | Part::Hang | Part::Break => None,
        };
        self.parts.iter().filter_map(data).collect()
    }

    fn pieces(self) -> VecDeque<Part> {
        if self.piece == 0 {
            return self.parts.into();
        }
        let mut whole = Vec::new();
        let mut rest = VecDeque::new();
        for part in self.parts {
            match part {
                Part::Bytes(bytes) => whole.extend_from_slice(&bytes),
                other => rest.push_back(other),
            }
        }
        let mut pieces: VecDeque<Part> = whole
            .chunks(self.piece)
            .map(|piece| Part::Bytes(Bytes::copy_from_slice(piece)))
            .collect();
        pieces.append(&mut rest);
        pieces
    }
}

/// A chunk as the real API sends it.
fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "sim",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The body.
    pub body: Value,
    /// The header `Authorization`, if there was one.
    pub authorization: Option<String>,
}

impl Asked {
    /// The messages of the conversation.
    pub fn messages(&self) -> &[Value] {
        self.body["messages"].as_array().map_or(&[], Vec::as_slice)
    }
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
pub struct ChatServer {
    address: SocketAddr,
    seen: watch::Receiver<Seen>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Shared {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: watch::Sender<Seen>,
}

impl ChatServer {
    /// Starts it on a free port of this machine; each request gets the next reply, and after the last an error 500.
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
        let app = Router::new()
            .route("/v1/chat/completions", post(answer))
            .with_state(shared);
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

    /// Its address, up to and with the version.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
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

async fn answer(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .map(Into::into);
    let asked = Asked {
        body: serde_json::from_slice(&body).unwrap_or_default(),
        authorization,
    };
    shared.seen.send_modify(|seen| seen.asked.push(asked));
    let next = shared
        .replies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    let reply =
        next.unwrap_or_else(|| Reply::refusing(500, "{\"error\": \"no reply is left in the script\"}"));
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if reply.streamed {
        "text/event-stream; charset=utf-8"
    } else {
        "application/json"
    };
    let given_up = GivenUp {
        seen: Some(shared.seen.clone()),
    };
    let pieces = stream::unfold(
        (reply.pieces(), given_up),
        move |(mut pieces, mut given_up)| async move {
            loop {
                match pieces.pop_front() {
                    Some(Part::Bytes(bytes)) => return Some((Ok(bytes), (pieces, given_up))),
                    Some(Part::Pause(pause)) => tokio::time::sleep(pause).await,
                    Some(Part::Hang) => std::future::pending().await,
                    Some(Part::Break) => {
                        // What came before is sent while the stream waits.
                        tokio::task::yield_now().await;
                        given_up.seen.take();
                        let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "as scripted");
                        return Some((Err(error), (VecDeque::new(), given_up)));
                    }
                    None => {
                        given_up.seen.take();
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
