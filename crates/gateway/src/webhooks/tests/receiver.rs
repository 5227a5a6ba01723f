//! Somebody else's server, which notes what it is told and answers as a test wants it.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How it answers.
#[derive(Clone)]
pub(super) enum Manner {
    /// With this status.
    Status(u16),
    /// With this status and header.
    Header(u16, &'static str, String),
    /// Never.
    Silent,
    /// 200, and a body without an end.
    Endless,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    count: Arc<watch::Sender<usize>>,
    /// What it answers next; 200 when there is nothing left.
    manners: Arc<Mutex<VecDeque<Manner>>>,
}

impl Receiver {
    pub(super) async fn start(manners: impl IntoIterator<Item = Manner>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            count: Arc::new(watch::channel(0).0),
            manners: Arc::new(Mutex::new(manners.into_iter().collect())),
        };
        let site = Router::new()
            .route("/hook", post(take))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, site).await });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Waits until so many requests have come, and hands out all of them.
    pub(super) async fn requests(&self, count: usize) -> Vec<Request> {
        let mut counted = self.count.subscribe();
        let come = tokio::time::timeout(Duration::from_secs(20), counted.wait_for(|now| *now >= count)).await;
        let seen = self.seen.lock().unwrap().clone();
        assert!(come.is_ok(), "{} of {count} requests came", seen.len());
        seen
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let count = {
        let mut seen = receiver.seen.lock().unwrap();
        seen.push(Request { headers, body });
        seen.len()
    };
    receiver.count.send_replace(count);
    let manner = receiver.manners.lock().unwrap().pop_front();
    match manner.unwrap_or(Manner::Status(200)) {
        Manner::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Manner::Header(status, name, value) => {
            (StatusCode::from_u16(status).unwrap(), [(name, value)]).into_response()
        }
        Manner::Silent => std::future::pending().await,
        Manner::Endless => {
            let chunks = futures_util::stream::repeat_with(|| {
                Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 4096]))
            });
            Body::from_stream(chunks).into_response()
        }
    }
}
