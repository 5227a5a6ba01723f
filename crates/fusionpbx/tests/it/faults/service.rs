//! The service of a machine, as far as doctor sees it: its health, and its answer to a stream.

use crate::survey::acceptor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the control listener of a service says that is well; as the real one writes it.
const HEALTH: &str = r#"{"ready":true,"version":"0.1.0","calls":0,"domains":["11111111-1111-4111-8111-111111111111"],"checks":[
    {"name":"calls","state":"ok","detail":"new calls are taken"},{"name":"pbx","state":"ok","detail":"main: up"}]}"#;

/// What a stream is told that no call is behind.
const NO_SUCH_CALL: &str = r#"{"error":"call x is no channel of domain y on a FreeSWITCH of this node","remedy":"stream a channel that lives"}"#;

/// An HTTP answer; nothing at all where there is no status.
pub(super) type Answer = (&'static str, String);

/// Both listeners.
pub(super) struct Service {
    pub(super) listen: SocketAddr,
    pub(super) control: SocketAddr,
    stream: Arc<Mutex<Answer>>,
    health: Arc<Mutex<Answer>>,
}

impl Service {
    pub(super) async fn start() -> Self {
        let stream = Arc::<Mutex<Answer>>::default();
        let health = Arc::<Mutex<Answer>>::default();
        let service = Self {
            listen: answering(Arc::clone(&stream)).await,
            control: answering(Arc::clone(&health)).await,
            stream,
            health,
        };
        service.recover();
        service
    }

    /// All is well again.
    pub(super) fn recover(&self) {
        self.streams(("403 Forbidden", NO_SUCH_CALL.to_owned()));
        self.says("200 OK", HEALTH);
    }

    /// What becomes of streams from now on.
    pub(super) fn streams(&self, answer: Answer) {
        *self.stream.lock().unwrap() = answer;
    }

    /// It has no connection to FreeSWITCH, for this reason, and can ask nobody of a call.
    pub(super) fn loses_freeswitch(&self, why: &str) {
        self.complains(
            "\"ok\",\"detail\":\"main: up\"",
            &format!("\"degraded\",\"detail\":\"main: {why}\""),
        );
        let refusal = r#"{"error":"the call could not be verified: FreeSWITCH did not answer","remedy":"see voice-ai pbx status"}"#;
        self.streams(("503 Service Unavailable", refusal.to_owned()));
    }

    /// Its health has `to` where it had `from`.
    pub(super) fn complains(&self, from: &str, to: &str) {
        assert!(HEALTH.contains(from));
        self.says("503 Service Unavailable", &HEALTH.replace(from, to));
    }

    fn says(&self, status: &'static str, body: &str) {
        *self.health.lock().unwrap() = (status, body.to_owned());
    }
}

async fn answering(answer: Arc<Mutex<Answer>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = acceptor();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut first = [0];
            let answer = answer.lock().unwrap().clone();
            match stream.peek(&mut first).await {
                Ok(_) if first == TLS => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        exchange(stream, answer).await;
                    }
                }
                Ok(_) => exchange(stream, answer).await,
                Err(_) => {}
            }
        }
    });
    address
}

/// How a handshake of TLS begins.
const TLS: [u8; 1] = [22];

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, (status, body): Answer) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 1_024];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&piece[..length]),
        }
    }
    if status.is_empty() {
        return;
    }
    let length = body.len();
    let whole = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(whole.as_bytes()).await;
    let _ = stream.shutdown().await;
}
