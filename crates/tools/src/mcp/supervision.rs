//! The task that keeps one server connected, and what it knows of it.

use super::connection::{Client, Link, connect, reason};
use super::{McpTool, Server, Standing};
use rmcp::service::{Peer, RoleClient, RunningService};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a server may take from its start until it has told its tools: a program that is installed at its first start takes long.
const START: Duration = Duration::from_secs(60);
/// How long it may take to tell its tools again.
const TELL: Duration = Duration::from_secs(10);
/// How often it is asked again whether it is there, and with which tools.
const ASK: Duration = Duration::from_secs(60);
/// How long it is left alone after its first failure; twice as long after each that follows.
const FIRST: Duration = Duration::from_secs(1);
/// And at most.
const LAST: Duration = Duration::from_secs(60);
/// One that was up for so long has not failed before.
const STEADY: Duration = Duration::from_secs(60);
/// How long a process may take to end.
const END: Duration = Duration::from_secs(10);
/// The most tools of one server: a model that must choose among more chooses badly.
const MOST: usize = 128;

/// What is known of a server.
#[derive(Debug)]
pub(super) struct Watched {
    state: Mutex<State>,
    /// Counts what was learnt.
    learnt: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    link: Option<Link>,
    tools: Arc<[McpTool]>,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                standing: Standing::Starting,
                link: None,
                tools: Arc::from([]),
            }),
            learnt: watch::Sender::new(0),
        }
    }
}

impl Watched {
    fn read<T>(&self, take: impl FnOnce(&State) -> T) -> T {
        take(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn learn(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.learnt.send_modify(|count| *count += 1);
    }

    pub(super) fn tools(&self) -> Arc<[McpTool]> {
        self.read(|state| state.tools.clone())
    }

    pub(super) fn standing(&self) -> Standing {
        self.read(|state| state.standing.clone())
    }

    /// The way to ask it, while there is one.
    pub(super) fn link(&self) -> Option<Link> {
        self.read(|state| state.link.clone())
    }

    /// Waits until it was reached or has failed.
    pub(super) async fn settled(&self) {
        let mut learnt = self.learnt.subscribe();
        while self.standing() == Standing::Starting {
            if learnt.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Keeps the server connected until it is to stop.
pub(super) async fn supervise(server: Server, watched: Arc<Watched>, stop: CancellationToken) {
    let mut pause = FIRST;
    loop {
        let began = Instant::now();
        let Some(why) = once(&server, &watched, &stop).await else {
            return;
        };
        if began.elapsed() >= STEADY {
            pause = FIRST;
        }
        tracing::warn!(server = server.name, why, again_in = ?pause, "an MCP server is down");
        watched.learn(|state| {
            state.link = None;
            state.standing = Standing::Down { why };
        });
        // Not all nodes at once.
        let jitter = pause.mul_f64(fastrand::f64() / 4.0);
        if stop.run_until_cancelled(sleep(pause + jitter)).await.is_none() {
            return;
        }
        pause = (pause * 2).min(LAST);
    }
}

/// One connection, from hello to its end. Why it ended; none where it was to.
async fn once(server: &Server, watched: &Watched, stop: &CancellationToken) -> Option<String> {
    let changed = Arc::new(Notify::new());
    let client = Client::new(changed.clone());
    let start = async {
        let running = connect(&server.name, &server.launch, client).await?;
        let tools = tools(running.peer()).await?;
        Ok::<_, String>((running, tools))
    };
    let started = stop.run_until_cancelled(timeout(START, Box::pin(start))).await?;
    let (running, tools) = match started {
        Ok(Ok(started)) => started,
        Ok(Err(why)) => return Some(why),
        Err(_) => return Some(format!("it did not tell its tools within {} s", START.as_secs())),
    };
    let broken = Arc::new(Notify::new());
    let peer = running.peer().clone();
    tracing::info!(server = server.name, tools = tools.len(), "an MCP server is up");
    watched.learn(|state| {
        state.standing = Standing::Up;
        state.tools = tools;
        state.link = Some(Link {
            peer: peer.clone(),
            broken: broken.clone(),
        });
    });
    let why = attend(server, watched, &peer, running, (&changed, &broken), stop).await;
    watched.learn(|state| state.link = None);
    why
}

/// Follows what becomes of a connection that stands.
async fn attend(
    server: &Server,
    watched: &Watched,
    peer: &Peer<RoleClient>,
    running: RunningService<RoleClient, Client>,
    (changed, broken): (&Notify, &Notify),
    stop: &CancellationToken,
) -> Option<String> {
    let end = running.cancellation_token();
    let ended = running.waiting();
    tokio::pin!(ended);
    let why = loop {
        let again = tokio::select! {
            () = stop.cancelled() => break None,
            _ = &mut ended => return Some("it has ended, or closed the connection".into()),
            () = broken.notified() => break Some("a request found its connection broken".into()),
            () = changed.notified() => tools(peer),
            () = sleep(ASK) => tools(peer),
        };
        match timeout(TELL, Box::pin(again)).await {
            Ok(Ok(tools)) => watched.learn(|state| {
                if state.tools != tools {
                    tracing::info!(
                        server = server.name,
                        tools = tools.len(),
                        "the tools of an MCP server have changed"
                    );
                    state.tools = tools;
                }
            }),
            Ok(Err(why)) => break Some(why),
            Err(_) => break Some(format!("it did not tell its tools within {} s", TELL.as_secs())),
        }
    };
    end.cancel();
    if timeout(END, ended).await.is_err() {
        tracing::warn!(server = server.name, "an MCP server does not end, and is left");
    }
    why
}

/// What the server offers now.
async fn tools(peer: &Peer<RoleClient>) -> Result<Arc<[McpTool]>, String> {
    let told = peer.list_all_tools().await.map_err(|error| reason(&error))?;
    let count = told.len();
    let tools = told.into_iter().take(MOST).map(|tool| McpTool {
        name: tool.name.into_owned(),
        description: tool.description.map(|text| text.into_owned()).unwrap_or_default(),
        arguments: Value::Object((*tool.input_schema).clone()),
    });
    let tools: Arc<[McpTool]> = tools.collect();
    if count > MOST {
        tracing::warn!(
            count,
            kept = MOST,
            "an MCP server has more tools than an engine can choose among"
        );
    }
    Ok(tools)
}
