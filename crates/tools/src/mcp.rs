//! Tools of MCP servers, each started once and watched over by a task of its own. A server that is slow, dead or mad holds up no call:
//! what it offers is known before, and a request that it does not answer is given up and called off.

mod connection;
mod content;
mod supervision;

use crate::ToolError;
use connection::Link;
use reqwest::header::HeaderMap;
use rmcp::model::{CallToolRequestParams, CallToolResponse};
use rmcp::service::ServiceError;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use supervision::Watched;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A server as it is configured.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub launch: Launch,
    /// How long one of its tools may take.
    pub timeout: Duration,
}

/// How a server is reached.
#[derive(Clone)]
pub enum Launch {
    /// A process of ours, asked by its standard input and output.
    Process {
        /// The program: a name that is looked up in PATH, or a path.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Variables that it has besides PATH, HOME, LANG and their like. Of our own it gets no other: secrets are among them.
        env: BTreeMap<String, String>,
    },
    /// A service, asked by streamable HTTP.
    Http {
        /// Its endpoint.
        url: String,
        /// Headers of each request, secrets among them.
        headers: HeaderMap,
        /// Whether its address may be private, and its URL begin with `http://`.
        allow_private: bool,
    },
}

impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { command, args, env } => f
                .debug_struct("Process")
                .field("command", command)
                .field("args", args)
                .field("env", &env.keys())
                .finish(),
            Self::Http { url, headers, .. } => f
                .debug_struct("Http")
                .field("url", url)
                .field("headers", &headers.keys())
                .finish(),
        }
    }
}

/// A tool of a server.
#[derive(Debug, Clone, PartialEq)]
pub struct McpTool {
    /// Its name there.
    pub name: String,
    /// What the server says of it.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub arguments: Value,
}

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It was not reached yet.
    Starting,
    /// It answers.
    Up,
    /// It does not, and is tried again.
    Down {
        /// Why.
        why: String,
    },
}

/// The servers of a node. Clones share them; with the last one they end.
#[derive(Debug, Clone, Default)]
pub struct Servers(Arc<All>);

#[derive(Debug, Default)]
struct All {
    by_name: BTreeMap<String, Running>,
    tasks: TaskTracker,
    /// Ends them, at the latest when nobody has them any more.
    stop: CancellationToken,
}

impl Drop for All {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[derive(Debug)]
struct Running {
    timeout: Duration,
    watched: Arc<Watched>,
}

impl Servers {
    /// Starts them, in the present tokio runtime. Waits for none.
    pub fn start(servers: Vec<Server>) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let running = servers.into_iter().map(|server| {
            let watched = Arc::new(Watched::default());
            let (name, timeout) = (server.name.clone(), server.timeout);
            tasks.spawn(supervision::supervise(server, watched.clone(), stop.clone()));
            (name, Running { timeout, watched })
        });
        let by_name = running.collect();
        Self(Arc::new(All { by_name, tasks, stop }))
    }

    /// Ends them all, and waits for that, but not longer than `patience`.
    pub async fn end(&self, patience: Duration) {
        self.0.stop.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(patience, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("an MCP server does not end, and is left");
        }
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.by_name.keys().map(String::as_str)
    }

    /// What the server offers, as it was told last; nothing where it was never reached or there is none.
    pub fn tools(&self, server: &str) -> Arc<[McpTool]> {
        let running = self.0.by_name.get(server);
        running.map_or_else(|| Arc::from([]), |running| running.watched.tools())
    }

    /// How each of them is.
    pub fn standings(&self) -> impl Iterator<Item = (&str, Standing)> {
        self.0
            .by_name
            .iter()
            .map(|(name, running)| (name.as_str(), running.watched.standing()))
    }

    /// Waits until each server was reached or has failed once, or until `patience` is over.
    pub async fn settled(&self, patience: Duration) {
        let all = async {
            for running in self.0.by_name.values() {
                running.watched.settled().await;
            }
        };
        // Those that are late are told as that.
        let _late = tokio::time::timeout(patience, all).await;
    }

    /// Uses a tool. What the engine is told. Dropping the future calls the request off, and so does the server's time-out.
    pub async fn call(&self, server: &str, tool: &str, arguments: Value) -> Result<String, ToolError> {
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            Value::Null => Map::new(),
            _ => {
                return Err(ToolError::Arguments {
                    tool: tool.to_owned(),
                    problem: "they are no object".into(),
                });
            }
        };
        let unreachable = |why: &str| ToolError::Unreachable {
            tool: tool.to_owned(),
            why: why.to_owned(),
        };
        let Some(running) = self.0.by_name.get(server) else {
            return Err(unreachable("there is no such server in the configuration"));
        };
        let Some(link) = running.watched.link() else {
            return Err(unreachable("its server is down"));
        };
        let asked = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let answered = tokio::time::timeout(running.timeout, Box::pin(link.peer.call_tool_once(asked))).await;
        match answered {
            Err(_) => Err(ToolError::Late {
                tool: tool.to_owned(),
            }),
            Ok(Ok(CallToolResponse::Complete(result))) => content::told(tool, result),
            Ok(Ok(_)) => Err(ToolError::Untold {
                tool: tool.to_owned(),
                what: "a question of its own".into(),
            }),
            Ok(Err(error)) => Err(failed(tool, &error, &link)),
        }
    }
}

fn failed(tool: &str, error: &ServiceError, link: &Link) -> ToolError {
    match error {
        ServiceError::McpError(error) => ToolError::Refused {
            tool: tool.to_owned(),
            status: "an error".into(),
            text: error.message.to_string(),
        },
        ServiceError::Timeout { .. } => ToolError::Late {
            tool: tool.to_owned(),
        },
        error => {
            if connection::is_broken(error) {
                link.broken.notify_one();
            }
            ToolError::Unreachable {
                tool: tool.to_owned(),
                why: connection::reason(error),
            }
        }
    }
}
