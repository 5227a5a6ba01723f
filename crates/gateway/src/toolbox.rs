//! A secretary's tools outside any call: what its engine would be offered now, and one of them tried.

use crate::Config;
use crate::tools::{Beyond, Means, Offer};
use ::tools::ToolError;
use ::tools::mcp::Standing;
use secretary::Secretary;
use serde_json::Value;
use std::time::Duration;

/// The tools of one secretary. Dropping it ends the MCP servers that it has started.
pub struct Toolbox {
    offer: Offer,
    means: Means,
    limit: Duration,
}

/// A tool as a secretary's engine is offered it.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedTool {
    /// The name by which the engine calls it.
    pub name: String,
    /// Where it is: `gateway`, `http`, or `mcp` with the server's name.
    pub place: String,
    /// What the engine is told of it.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub arguments: Value,
}

/// Why a tool was not tried, or did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It needs a call.
    #[error("{0} is the gateway's own, and is used in calls alone (`voice-ai call` makes one)")]
    NeedsCall(String),
    /// The secretary has no such tool.
    #[error("{0}")]
    NotOffered(String),
    /// It was tried.
    #[error("{}", .0.for_operator())]
    Failed(ToolError),
}

impl Toolbox {
    /// Opens the tools of a secretary, in the present tokio runtime: starts the MCP servers that it names, and waits for them, but not
    /// longer than `patience`.
    ///
    /// # Errors
    /// What is wrong with the configuration, with its remedy.
    pub async fn open(config: &Config, secretary: &Secretary, patience: Duration) -> Result<Self, String> {
        let wanted = |name: &String| secretary.mcp.iter().any(|tools| tools.server == *name);
        let servers = config.mcp.iter().filter(|(name, _)| wanted(name));
        let means = Means::of(servers)?;
        means.servers.settled(patience).await;
        Ok(Self {
            offer: Offer::of(secretary, &means),
            means,
            limit: Duration::from_millis(secretary.limits.tool_ms.into()),
        })
    }

    /// What the engine would be offered.
    pub fn tools(&self) -> Vec<OfferedTool> {
        let specs = self.offer.specs();
        let offered = specs.iter().map(|spec| OfferedTool {
            name: spec.name.clone(),
            place: match self.offer.beyond(&spec.name) {
                None => "gateway".into(),
                Some(Beyond::Http(_)) => "http".into(),
                Some(Beyond::Mcp { server, .. }) => format!("mcp {server}"),
            },
            description: spec.description.clone(),
            arguments: spec.parameters.clone(),
        });
        offered.collect()
    }

    /// The MCP servers that do not answer, and why.
    pub fn lacking(&self) -> Vec<(String, String)> {
        let lacking = self.means.servers.standings().filter_map(|(name, standing)| {
            let why = match standing {
                Standing::Up => return None,
                Standing::Starting => "it has not answered yet".to_owned(),
                Standing::Down { why } => why,
            };
            Some((name.to_owned(), why))
        });
        lacking.collect()
    }

    /// Uses a tool as a call would. What the engine would be told.
    pub async fn try_out(&self, name: &str, arguments: Value) -> Result<String, TrialError> {
        let Some(beyond) = self.offer.beyond(name) else {
            return Err(match self.offer.specs().iter().any(|spec| spec.name == name) {
                true => TrialError::NeedsCall(name.to_owned()),
                false => TrialError::NotOffered(self.offer.refuse(name).to_string()),
            });
        };
        let answered = self.means.answer(&beyond, arguments, self.limit).await;
        answered.map_err(TrialError::Failed)
    }
}
