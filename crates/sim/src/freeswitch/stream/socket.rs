//! The WebSocket of a stream, and what each build makes of its end.

use super::super::channel::Channel;
use super::super::exchange::Exchange;
use super::ToSocket;
use super::audio_file::{Made, make};
use crate::{DialError, Module, StreamAddress, upgrade};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// amigniter gives a handshake up after so long (measured); sptmru waits.
const HANDSHAKE: Duration = Duration::from_secs(1);
/// After so long sptmru connects again, whatever the server said (measured).
const RECONNECT: Duration = Duration::from_millis(2);

pub(super) struct Socket {
    pub(super) exchange: Arc<Exchange>,
    pub(super) channel: Arc<Channel>,
    pub(super) module: Module,
    pub(super) address: StreamAddress,
    pub(super) metadata: Option<String>,
}

/// Why a connection is over.
enum Over {
    /// The module was told to stop.
    Stopped,
    /// The server said good-bye.
    Closed { code: u16, reason: String },
    /// The connection broke.
    Dropped,
    /// The process is no more.
    Crashed,
}

impl Socket {
    pub(super) async fn run(self, mut told: UnboundedReceiver<ToSocket>) {
        loop {
            let web = match self.connect().await {
                Ok(web) => web,
                Err(error) => return self.give_up("error", error),
            };
            match (self.serve(web, &mut told).await, self.module) {
                (Over::Stopped, Module::Sptmru) => {
                    return self.tell("disconnect", disconnected(1000, "Normal closure"));
                }
                (Over::Stopped, _) => return,
                (Over::Crashed, _) => return self.exchange.crash(),
                (Over::Closed { code, reason }, Module::Sptmru) => {
                    self.tell("disconnect", disconnected(code, &reason));
                }
                (Over::Dropped, Module::Sptmru) => {
                    self.tell("disconnect", disconnected(1006, "Abnormal closure"));
                }
                // The stream stays attached, dead, until it is stopped.
                (Over::Closed { code, reason }, _) => {
                    return self.tell("disconnect", disconnected(code, &reason));
                }
                (Over::Dropped, _) => return self.give_up("error", failed(1, "I/O error")),
            }
            if stopped_within(RECONNECT, &mut told).await {
                return;
            }
        }
    }

    fn tell(&self, name: &str, body: String) {
        self.exchange.module_event(&self.channel, name, body);
    }

    /// Tells the failure and detaches the stream.
    fn give_up(&self, name: &str, body: String) {
        self.tell(name, body);
        self.exchange.stop_stream(&self.channel, None);
    }

    /// Connects; otherwise the body of the error event.
    async fn connect(&self) -> Result<WebSocketStream<TcpStream>, String> {
        let stream = TcpStream::connect(self.address.socket())
            .await
            .map_err(|_| self.absent())?;
        let _ = stream.set_nodelay(true);
        let upgraded = upgrade(stream, &self.address, self.module);
        let web = match self.module {
            Module::Amigniter => timeout(HANDSHAKE, upgraded)
                .await
                .map_err(|_| failed(10, "Connection timeout"))?,
            Module::Sptmru | Module::Plain => upgraded.await,
        };
        let mut web = web.map_err(|error| self.refused(&error))?;
        let lost = self.exchange.inner().faults.loses_metadata;
        if let Some(metadata) = self.metadata.as_ref().filter(|_| !lost) {
            let _ = web.send(Message::text(metadata.clone())).await;
        }
        self.tell("connect", json!({"status": "connected"}).to_string());
        Ok(web)
    }

    fn absent(&self) -> String {
        match self.module {
            Module::Sptmru => {
                let (host, port) = self.address.socket();
                let error = format!(
                    "Unable to connect to {host} on port {port}, error: Connect error: Connection refused"
                );
                retried(&error, 0)
            }
            Module::Amigniter | Module::Plain => failed(6, "Connection refused (system error 111)"),
        }
    }

    fn refused(&self, error: &DialError) -> String {
        let status = match error {
            DialError::Refused { status, .. } => status.split(' ').next().and_then(|code| code.parse().ok()),
            _ => None,
        };
        match self.module {
            Module::Sptmru => retried("Expecting status 101 (Switching Protocol)", status.unwrap_or(0)),
            Module::Amigniter | Module::Plain => failed(6, "Handshake failed"),
        }
    }

    async fn serve(
        &self,
        mut web: WebSocketStream<TcpStream>,
        told: &mut UnboundedReceiver<ToSocket>,
    ) -> Over {
        loop {
            tokio::select! {
                order = told.recv() => match order {
                    Some(ToSocket::Audio(bytes)) => {
                        if web.send(Message::binary(bytes)).await.is_err() {
                            return Over::Dropped;
                        }
                    }
                    Some(ToSocket::Text(text)) => {
                        let _ = web.send(Message::text(text)).await;
                    }
                    Some(ToSocket::Stop(text)) => {
                        say_goodbye(&mut web, text).await;
                        return Over::Stopped;
                    }
                    None => return Over::Stopped,
                },
                message = web.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(over) = self.take(&text) {
                            return over;
                        }
                    }
                    Some(Ok(Message::Close(frame))) => {
                        let (code, reason) = frame
                            .map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                        let _ = web.flush().await;
                        return Over::Closed { code, reason };
                    }
                    // Binary frames are dropped without a word; pings are answered by the library.
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Over::Dropped,
                },
            }
        }
    }

    fn take(&self, text: &str) -> Option<Over> {
        match make(text, self.module, &self.channel, &self.exchange.setup.temp_dir) {
            Made::Play(body) => self.tell("play", body),
            Made::Json => self.tell("json", text.to_owned()),
            Made::Crash => return Some(Over::Crashed),
        }
        None
    }
}

async fn say_goodbye(web: &mut WebSocketStream<TcpStream>, text: Option<String>) {
    if let Some(text) = text {
        let _ = web.send(Message::text(text)).await;
    }
    let frame = CloseFrame {
        code: CloseCode::Normal,
        reason: "Normal closure".into(),
    };
    let _ = web.close(Some(frame)).await;
    // The server's own good-bye, if it comes soon.
    let _ = timeout(HANDSHAKE, async { while web.next().await.is_some() {} }).await;
}

/// What was to be sent meanwhile is lost.
async fn stopped_within(time: Duration, told: &mut UnboundedReceiver<ToSocket>) -> bool {
    let stopped = async {
        loop {
            if let Some(ToSocket::Stop(_)) | None = told.recv().await {
                return;
            }
        }
    };
    tokio::select! {
        () = stopped => true,
        () = sleep(time) => false,
    }
}

fn disconnected(code: u16, reason: &str) -> String {
    let reason = json!(reason);
    format!("{{\"status\":\"disconnected\",\"message\":{{\"code\":{code},\"reason\":{reason}}}}}")
}

fn failed(code: u16, error: &str) -> String {
    let error = json!(error);
    format!("{{\"status\":\"error\",\"message\":{{\"code\":{code},\"error\":{error}}}}}")
}

fn retried(error: &str, status: u16) -> String {
    let error = json!(error);
    format!(
        "{{\"status\":\"error\",\"message\":{{\"retries\":1,\"error\":{error},\"wait_time\":100,\"http_status\":{status}}}}}"
    )
}
