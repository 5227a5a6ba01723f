//! A flood: requests for streams that a server refuses, at a steady pace, whatever comes of them.

use crate::module::Module;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// How often requests are sent, some together.
const TICK: Duration = Duration::from_millis(1);
/// Requests under way at once. A server that is slower than the flood gets fewer.
const AT_ONCE: usize = 1_000;
/// An answer that takes longer counts as none.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much, from where to where.
#[derive(Debug, Clone)]
pub struct Flood {
    /// The address of this machine that the requests come from.
    pub from: IpAddr,
    /// The server.
    pub to: SocketAddr,
    /// What is asked for: `/stream/…`.
    pub path: String,
    /// Requests in a second.
    pub per_second: u32,
}

/// What came of a flood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Answers, by status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Requests that were not sent, as too many were under way.
    pub unsent: u64,
    /// How long it lasted, in milliseconds.
    pub lasted_ms: u64,
}

impl Tally {
    /// Answers in a second.
    pub fn per_second(&self) -> f64 {
        self.answers.values().sum::<u64>() as f64 * 1_000.0 / self.lasted_ms.max(1) as f64
    }

    fn count(&mut self, answer: Option<u16>) {
        match answer {
            Some(status) => *self.answers.entry(status).or_default() += 1,
            None => self.unanswered += 1,
        }
    }
}

impl Flood {
    /// Floods until then.
    pub async fn until(self, end: impl Future<Output = ()>) -> Tally {
        let request = Module::Sptmru.upgrade_request(&self.to.to_string(), &self.path, KEY);
        let request: Arc<str> = request.into();
        let (start, mut tally) = (Instant::now(), Tally::default());
        let mut under_way = JoinSet::new();
        let mut tick = interval(TICK);
        // A late tick sends what is due by then.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sent: u64 = 0;
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                () = &mut end => break,
                _ = tick.tick() => {}
                Some(answer) = under_way.join_next() => {
                    tally.count(answer.ok().flatten());
                    continue;
                }
            }
            let due = (start.elapsed().as_secs_f64() * f64::from(self.per_second)) as u64;
            for _ in sent..due {
                if under_way.len() >= AT_ONCE {
                    tally.unsent += 1;
                    continue;
                }
                let ask = ask(self.from, self.to, request.clone());
                under_way.spawn(async move { timeout(PATIENCE, ask).await.ok()?.ok().flatten() });
            }
            sent = due;
        }
        while let Some(answer) = under_way.join_next().await {
            tally.count(answer.ok().flatten());
        }
        tally.lasted_ms = start.elapsed().as_millis() as u64;
        tally
    }
}

/// Any key does.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// One request. The status of its answer, if there is one.
async fn ask(from: IpAddr, to: SocketAddr, request: Arc<str>) -> io::Result<Option<u16>> {
    let mut stream = connect(from, to).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(1_024);
    stream.read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(answer.get(..12).unwrap_or_default());
    Ok(head.strip_prefix("HTTP/1.1 ").and_then(|code| code.parse().ok()))
}

async fn connect(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}
