//! One connection of a stand-in: messages to and from its talk.

use super::{Log, Sent, Side};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long the other side's good-bye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// One session's state: what the client sends goes in, what the server says to it comes out.
pub(crate) trait Talk: Send {
    /// What a session begins with.
    fn begin(&mut self) -> Vec<Out>;

    /// Takes one message of the client's.
    fn receive(&mut self, received: Received<'_>) -> Vec<Out>;

    /// What is said when the client has said nothing for [`Talk::patience`].
    fn impatient(&mut self) -> Vec<Out> {
        Vec::new()
    }

    /// How long the client may say nothing.
    fn patience(&self) -> Option<Duration> {
        None
    }
}

/// A message of the client's.
#[derive(Debug)]
pub(crate) enum Received<'a> {
    /// An event.
    Event(&'a Value),
    /// A text that is no JSON.
    NoJson,
    /// A binary message.
    Binary(&'a [u8]),
}

/// One thing to send.
#[derive(Debug, PartialEq)]
pub(crate) enum Out {
    /// An event.
    Event(Value),
    /// An event in a binary message.
    Packed(Value),
    /// A binary message.
    Binary(Vec<u8>),
    /// A text that may be no event.
    Raw(String),
    /// A close frame with this code and reason; nothing follows it.
    Close(u16, String),
    /// The connection ends without a close frame.
    Break,
    /// Nothing more, and nothing is read.
    Stall,
}

/// What the connections of a server share.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(super) log: watch::Sender<Log>,
    pub(super) end: CancellationToken,
}

/// Counts a connection while it is open.
struct Open(watch::Sender<Log>);

impl Open {
    fn new(log: watch::Sender<Log>) -> Self {
        log.send_modify(|log| {
            log.open += 1;
            log.connections += 1;
        });
        Self(log)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|log| log.open -= 1);
    }
}

impl Connection {
    /// Notes what was sent outside of a WebSocket.
    pub(crate) fn note(&self, from: Side, event: Value) {
        self.log.send_modify(|log| log.events.push(Sent { from, event }));
    }

    /// Waits until the server ends.
    pub(crate) async fn ended(&self) {
        self.end.cancelled().await;
    }

    /// Talks until one side has enough.
    pub(crate) async fn converse(&self, mut socket: WebSocket, mut talk: impl Talk) {
        let _open = Open::new(self.log.clone());
        let mut outs = talk.begin();
        loop {
            for out in outs {
                if !self.send(&mut socket, out).await {
                    return;
                }
            }
            let message = tokio::select! {
                () = self.end.cancelled() => return,
                message = socket.recv() => message,
                () = elapsed(talk.patience()) => {
                    outs = talk.impatient();
                    continue;
                }
            };
            outs = match message {
                Some(Ok(Message::Text(text))) => self.heard(&mut talk, &text),
                Some(Ok(Message::Binary(bytes))) => {
                    self.log.send_modify(|log| log.heard_bytes += bytes.len());
                    talk.receive(Received::Binary(&bytes))
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => Vec::new(),
            };
        }
    }

    fn heard(&self, talk: &mut impl Talk, text: &str) -> Vec<Out> {
        match serde_json::from_str::<Value>(text) {
            Ok(event) => {
                self.note(Side::Client, event.clone());
                talk.receive(Received::Event(&event))
            }
            Err(_) => talk.receive(Received::NoJson),
        }
    }

    /// Sends one thing. False if nothing more is to be sent.
    async fn send(&self, socket: &mut WebSocket, out: Out) -> bool {
        match out {
            Out::Event(event) => {
                let text = event.to_string();
                self.note(Side::Server, event);
                socket.send(Message::Text(text.into())).await.is_ok()
            }
            Out::Packed(event) => {
                let text = event.to_string();
                self.note(Side::Server, event);
                socket.send(Message::Binary(text.into())).await.is_ok()
            }
            Out::Binary(bytes) => {
                self.log.send_modify(|log| log.spoken_bytes += bytes.len());
                socket.send(Message::Binary(bytes.into())).await.is_ok()
            }
            Out::Raw(text) => socket.send(Message::Text(text.into())).await.is_ok(),
            Out::Close(code, reason) => {
                let frame = CloseFrame {
                    code,
                    reason: reason.into(),
                };
                // The other side may be gone already, which is as good.
                let _ = socket.send(Message::Close(Some(frame))).await;
                // A connection that ends with something unread is reset, and the other side might not come to read why.
                let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
                let _ = tokio::time::timeout(FAREWELL, rest).await;
                false
            }
            Out::Break => false,
            Out::Stall => {
                self.end.cancelled().await;
                false
            }
        }
    }
}

/// Waits so long; for ever without a limit.
async fn elapsed(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}
