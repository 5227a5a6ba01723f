//! Tools beyond the PBX, used for a call.

use crate::config::McpConfig;
use crate::metrics::{Metrics, ToolKind};
use ::tools::ToolError;
use ::tools::http::Requests;
use ::tools::mcp::Servers;
use secretary::{CallUuid, HttpTool};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A tool beyond the PBX.
#[derive(Debug, Clone)]
pub(crate) enum Beyond {
    /// A request to a service.
    Http(Arc<HttpTool>),
    /// A tool of an MCP server.
    Mcp {
        /// The server's name in the configuration.
        server: String,
        /// The tool's name there.
        tool: String,
    },
}

/// What the tools of all calls are used with. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    pub(crate) requests: Requests,
    pub(crate) servers: Servers,
}

impl Means {
    /// Starts these servers, in the present tokio runtime, and waits for none of them.
    pub(crate) fn of<'a>(servers: impl Iterator<Item = (&'a String, &'a McpConfig)>) -> Result<Self, String> {
        let servers = servers.map(|(name, server)| server.server(name));
        Ok(Self {
            requests: Requests::new().map_err(|error| format!("tools: {error}"))?,
            servers: Servers::start(servers.collect::<Result<_, _>>()?),
        })
    }

    /// Uses a tool within that time. What the engine is told.
    pub(crate) async fn answer(
        &self,
        beyond: &Beyond,
        arguments: Value,
        limit: Duration,
    ) -> Result<String, ToolError> {
        let answer = async {
            match beyond {
                Beyond::Http(tool) => self.requests.make(tool, &arguments).await,
                Beyond::Mcp { server, tool } => self.servers.call(server, tool, arguments).await,
            }
        };
        let late = |_| ToolError::Late {
            tool: beyond.name().to_owned(),
        };
        timeout(limit, Box::pin(answer)).await.map_err(late)?
    }

    /// The same, counted and logged: by its name and kind, never by what was asked or answered.
    pub(crate) async fn answered(
        &self,
        (call, metrics): (CallUuid, &Metrics),
        beyond: &Beyond,
        arguments: Value,
        limit: Duration,
    ) -> Result<String, ToolError> {
        let began = Instant::now();
        let answered = self.answer(beyond, arguments, limit).await;
        let took = began.elapsed();
        let (tool, took_ms) = (beyond.name(), took.as_millis() as u64);
        let trouble = answered.as_ref().err().map(ToolError::trouble);
        metrics.tool_used(beyond.kind(), trouble, took);
        match &answered {
            Ok(_) => tracing::info!(%call, tool, took_ms, "a tool was used"),
            Err(error) => {
                tracing::warn!(%call, tool, took_ms, why = error.for_operator(), "a tool did not do what was asked");
            }
        }
        answered
    }
}

impl Beyond {
    fn name(&self) -> &str {
        match self {
            Self::Http(tool) => &tool.name,
            Self::Mcp { tool, .. } => tool,
        }
    }

    const fn kind(&self) -> ToolKind {
        match self {
            Self::Http(_) => ToolKind::Http,
            Self::Mcp { .. } => ToolKind::Mcp,
        }
    }
}
