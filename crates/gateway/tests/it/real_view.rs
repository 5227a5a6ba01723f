//! A real FreeSWITCH's own view of its calls, by an event socket of the test's.

use crate::pbx_site::soon;
use crate::real_freeswitch::Real;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

/// Who our phone says that it is.
const NUMBER: &str = "5511999990002";
/// How often it is asked again.
const AGAIN: Duration = Duration::from_millis(20);

/// The view.
pub(crate) struct View(BufStream<TcpStream>);

impl View {
    pub(crate) async fn open(real: &Real) -> Self {
        let opened = async {
            loop {
                if let Some(view) = Self::try_open(real).await {
                    return view;
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        soon("an event socket", opened).await
    }

    /// None while nothing answers there.
    async fn try_open(real: &Real) -> Option<Self> {
        let socket = TcpStream::connect(&real.address).await.ok()?;
        let mut view = Self(BufStream::new(socket));
        view.read().await?;
        let accepted = view.say(&format!("auth {}", real.password)).await?;
        assert!(accepted.contains("+OK accepted"), "{accepted}");
        Some(view)
    }

    /// What a command of its API answers.
    pub(crate) async fn api(&mut self, command: &str) -> String {
        let reply = self.say(&format!("api {command}")).await.expect("an answer");
        let body = reply.split_once("\n\n").map_or("", |(_, body)| body);
        body.trim().to_owned()
    }

    async fn say(&mut self, line: &str) -> Option<String> {
        self.0.write_all(format!("{line}\n\n").as_bytes()).await.ok()?;
        self.0.flush().await.ok()?;
        self.read().await
    }

    /// One message: its head, and its body behind it. None where the other end is gone.
    async fn read(&mut self) -> Option<String> {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let from = head.len();
            if self.0.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
            let line = head[from..].trim().to_owned();
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        Some(head + &String::from_utf8_lossy(&body))
    }

    /// The channels that our phone's call has made.
    pub(crate) async fn channels(&mut self) -> Vec<Value> {
        let shown: Value = serde_json::from_str(&self.api("show channels as json").await).unwrap_or_default();
        let rows = shown["rows"].as_array().cloned().unwrap_or_default();
        rows.into_iter()
            .filter(|row| row["initial_cid_num"] == NUMBER)
            .collect()
    }

    /// The UUID of our phone's own channel.
    pub(crate) async fn caller(&mut self) -> String {
        let found = async {
            loop {
                let rows = self.channels().await;
                if let Some(row) = rows.iter().find(|row| row["direction"] == "inbound") {
                    return row["uuid"].as_str().unwrap().to_owned();
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        soon("the caller's channel", found).await
    }

    /// Waits until so many are left.
    pub(crate) async fn left(&mut self, count: usize) {
        let left = async {
            while self.channels().await.len() != count {
                tokio::time::sleep(AGAIN).await;
            }
        };
        soon(&format!("{count} channels are left"), left).await;
    }

    /// Whether a channel's last resort waits.
    pub(crate) async fn is_guarded(&mut self, call: &str) -> bool {
        self.api("show tasks").await.contains(&format!("voiceai-{call}"))
    }

    /// Waits until it does, or does not.
    pub(crate) async fn guarded(&mut self, call: &str, wanted: bool) {
        let guarded = async {
            while self.is_guarded(call).await != wanted {
                tokio::time::sleep(AGAIN).await;
            }
        };
        soon("the last resort", guarded).await;
    }

    /// Waits until the dialplan has the one channel that is left, at this extension.
    pub(crate) async fn only_at(&mut self, extension: &str) {
        loop {
            let rows = self.channels().await;
            if rows.len() == 1 && rows[0]["dest"] == extension {
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
