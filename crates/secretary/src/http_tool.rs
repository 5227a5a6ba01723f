//! Tools of a secretary's own: requests to services of its tenant.

use crate::Template;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A tool that makes one HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTool {
    /// The name by which an engine calls it: up to 64 letters, digits, `_` and `-`.
    pub name: String,
    /// What the engine is told of it.
    pub description: String,
    /// What the caller is told when it takes a while, in the place of [`crate::Phrases::wait`].
    #[serde(default)]
    pub say: Option<String>,
    /// The JSON Schema of its arguments, an object's.
    pub arguments: Value,
    /// How the service is asked.
    pub method: Method,
    /// Where. Arguments stand in its path alone, and each of those is required.
    pub url: Template,
    /// What stands behind the `?`. One whose argument is not given is left out.
    #[serde(default)]
    pub query: BTreeMap<String, Template>,
    /// Headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<String, Given>,
    /// What is sent, as JSON: a text that is nothing but `{name}` is the argument as it is, and is left out where that is not given. All
    /// arguments, where there is none and the method has a body.
    #[serde(default)]
    pub body: Option<Value>,
    /// How long the service may take, in milliseconds; not longer than [`crate::Limits::tool_ms`].
    pub timeout_ms: u32,
    /// Whether its address may be private, and its URL begin with `http://`.
    #[serde(default)]
    pub allow_private: bool,
}

/// How a service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// For something.
    Get,
    /// To do or make something.
    Post,
    /// To put something in the place of another.
    Put,
    /// To change something.
    Patch,
    /// To take something away.
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As it stands in a request.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether its requests say something.
    pub const fn has_body(self) -> bool {
        match self {
            Self::Post | Self::Put | Self::Patch => true,
            Self::Get | Self::Delete => false,
        }
    }
}

/// A text that stands in the file, or a secret that is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Given {
    /// The text itself.
    Text(String),
    /// A variable of the service's environment.
    Env {
        /// Its name.
        env: String,
        /// What stands before the secret, as `Bearer `.
        #[serde(default)]
        prefix: String,
    },
    /// A file that the service can read.
    File {
        /// Its path.
        file: String,
        /// What stands before the secret.
        #[serde(default)]
        prefix: String,
    },
}

/// Tools of a configured MCP server: one, or all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct McpTools {
    /// The server, by its name in the configuration.
    pub server: String,
    /// The tool; none for all that the server has.
    pub tool: Option<String>,
}

impl McpTools {
    /// Whether this one is meant.
    pub fn includes(&self, server: &str, tool: &str) -> bool {
        self.server == server && self.tool.as_deref().is_none_or(|one| one == tool)
    }
}

/// A text that names no tools of an MCP server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no tool of an MCP server: write \"server.tool\", or \"server.*\" for all of them")]
pub struct McpToolsError(String);

impl TryFrom<String> for McpTools {
    type Error = McpToolsError;

    fn try_from(text: String) -> Result<Self, McpToolsError> {
        match text.split_once('.') {
            Some((server, tool)) if !server.is_empty() && !tool.is_empty() => Ok(Self {
                server: server.to_owned(),
                tool: (tool != "*").then(|| tool.to_owned()),
            }),
            _ => Err(McpToolsError(text)),
        }
    }
}

impl From<McpTools> for String {
    fn from(tools: McpTools) -> Self {
        format!("{}.{}", tools.server, tools.tool.as_deref().unwrap_or("*"))
    }
}
