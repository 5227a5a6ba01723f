//! A stand-in for a service of a company's: it answers each path as it is told to, and keeps what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use futures_util::stream;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a path answers.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    kind: Option<&'static str>,
    location: Option<String>,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Text(String),
    /// The same text again and again.
    Endless(String),
    /// Not even a status.
    Nothing,
}

impl Reply {
    /// A text of this type.
    pub fn of(kind: &'static str, text: impl Into<String>) -> Self {
        Self {
            status: 200,
            kind: Some(kind),
            location: None,
            what: What::Text(text.into()),
        }
    }

    /// JSON.
    pub fn json(text: impl Into<String>) -> Self {
        Self::of("application/json; charset=utf-8", text)
    }

    /// A text that never ends.
    pub fn endless(text: impl Into<String>) -> Self {
        Self {
            what: What::Endless(text.into()),
            ..Self::of("text/plain", "")
        }
    }

    /// No answer at all.
    pub fn none() -> Self {
        Self {
            what: What::Nothing,
            ..Self::of("text/plain", "")
        }
    }

    /// A redirect.
    pub fn moved(to: impl Into<String>) -> Self {
        Self {
            location: Some(to.into()),
            ..Self::of("text/html", "<h1>Moved</h1>").with(302)
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn with(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same without its type.
    #[must_use]
    pub fn untyped(self) -> Self {
        Self { kind: None, ..self }
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path and query, to the letter.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// The service. Dropping it ends it.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

#[derive(Debug)]
struct Shared {
    replies: BTreeMap<&'static str, Reply>,
    asked: Mutex<Vec<Asked>>,
}

impl Service {
    /// Starts one that answers these paths (each with all that is below it), and 404 elsewhere.
    pub async fn start(replies: impl IntoIterator<Item = (&'static str, Reply)>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            replies: replies.into_iter().collect(),
            asked: Mutex::default(),
        });
        let app = Router::new().fallback(answer).with_state(shared.clone());
        let stop = CancellationToken::new();
        let serving = axum::serve(listener, app).into_future();
        tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
        Ok(Self {
            address,
            shared,
            _stop: stop.drop_guard(),
        })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap_or_default();
    let path = head.uri.path().to_owned();
    let asked = Asked {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body,
    };
    shared
        .asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(asked);
    let reply = shared
        .replies
        .iter()
        .rev()
        .find(|(known, _)| path.starts_with(*known))
        .map_or_else(
            || Reply::of("text/plain", "there is nothing here").with(404),
            |(_, reply)| reply.clone(),
        );
    let body = match reply.what {
        What::Text(text) => Body::from(text),
        What::Endless(text) => {
            let chunk = Bytes::from(text);
            Body::from_stream(stream::repeat_with(move || {
                Ok::<_, std::io::Error>(chunk.clone())
            }))
        }
        What::Nothing => return std::future::pending().await,
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.extend(
        reply
            .kind
            .map(|kind| (header::CONTENT_TYPE, header::HeaderValue::from_static(kind))),
    );
    let location = reply
        .location
        .and_then(|to| header::HeaderValue::try_from(to).ok());
    headers.extend(location.map(|to| (header::LOCATION, to)));
    response
}
