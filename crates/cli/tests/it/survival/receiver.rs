//! A receiver of webhooks that is down now and then, and checks what it is told as `docs/webhooks.md` says.

use super::SECRET;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use ring::hmac;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Every so manieth request is refused: it has to come again.
const REFUSED: usize = 7;

/// What it was told: payloads by idempotency key, each time that it was told.
type Told = BTreeMap<String, Vec<String>>;

#[derive(Clone)]
pub(super) struct Receiver {
    address: SocketAddr,
    told: Arc<watch::Sender<Told>>,
    requests: Arc<Mutex<usize>>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            told: Arc::new(watch::channel(Told::new()).0),
            requests: Arc::default(),
        };
        let site = Router::new()
            .route("/hook", post(take))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, site).await });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(super) fn told(&self) -> watch::Receiver<Told> {
        self.told.subscribe()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name| headers[name].to_str().unwrap().to_owned();
    let signed = format!("{}.{body}", header("x-voice-ai-timestamp"));
    let signature = header("x-voice-ai-signature");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let claimed = bytes(signature.strip_prefix("v1=").unwrap());
    if hmac::verify(&key, signed.as_bytes(), &claimed).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    {
        let mut requests = receiver.requests.lock().unwrap();
        *requests += 1;
        if requests.is_multiple_of(REFUSED) {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    receiver
        .told
        .send_modify(|told| told.entry(header("idempotency-key")).or_default().push(body));
    StatusCode::OK
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// The body of a GET.
pub(super) async fn get(address: SocketAddr, path: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
