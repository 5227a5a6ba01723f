//! MCP servers.

use super::error::ConfigError;
use super::node::{Node, Value};
use super::read::{Read, Reading};
use super::{Config, McpConfig, Secret};
use ::tools::Reach;
use ::tools::http::given_headers;
use ::tools::mcp::{Launch, Server};
use secretary::Given;
use std::collections::BTreeMap;
use std::time::Duration;

/// A text of the configuration, or a secret with what stands before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// The text itself.
    Text(String),
    /// `{ env = "NAME" }` or `{ file = "/path" }`, perhaps with `prefix = "Bearer "`.
    Secret {
        /// What stands before it.
        prefix: String,
        /// The secret.
        secret: Secret,
    },
}

impl Setting {
    /// The whole text, to be handed to whoever needs it and nowhere else.
    pub fn expose(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Secret { prefix, secret } => format!("{prefix}{}", secret.expose()),
        }
    }
}

impl Read for Setting {
    fn read(mut node: Node, reading: &mut Reading) -> Option<Self> {
        let Value::Table(table) = &mut node.value else {
            return String::read(node, reading).map(Self::Text);
        };
        let prefix = match table.remove("prefix") {
            Some(prefix) => String::read(prefix, reading)?,
            None => String::new(),
        };
        let secret = Secret::read(node, reading)?;
        Some(Self::Secret { prefix, secret })
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        let Value::Table(table) = node.value else {
            let problem = format!(
                "{} stands where a section with keys is needed",
                node.value.describe()
            );
            reading.refuse(ConfigError::Value {
                at: node.at,
                key: node.path,
                problem,
            });
            return None;
        };
        let read = table
            .into_iter()
            .map(|(name, node)| Some((name, T::read(node, reading)?)));
        // Each is read, whatever is wrong with one before it.
        let read: Vec<_> = read.collect();
        read.into_iter().collect()
    }

    fn keys(path: &str, keys: &mut Vec<String>) {
        T::keys(&format!("{path}.NAME"), keys);
    }
}

impl McpConfig {
    /// The server as it is started. Right, where the configuration was taken.
    pub(crate) fn server(&self, name: &str) -> Result<Server, String> {
        let launch = if self.url.is_empty() {
            Launch::Process {
                command: self.command.clone(),
                args: self.args.clone(),
                env: exposed(&self.env),
            }
        } else {
            let headers = exposed(&self.headers);
            let headers = headers.into_iter().map(|(name, text)| (name, Given::Text(text)));
            Launch::Http {
                url: self.url.clone(),
                headers: given_headers(&headers.collect())?,
                allow_private: self.allow_private,
            }
        };
        Ok(Server {
            name: name.to_owned(),
            launch,
            timeout: Duration::from_millis(self.timeout_ms.into()),
        })
    }

    /// What is wrong between its keys.
    fn contradictions(&self, key: &str, found: &mut Vec<String>) {
        match (self.command.is_empty(), self.url.is_empty()) {
            (true, true) => found.push(format!(
                "{key}: it has neither a command nor a url; write command = \"/path/of/a/server\" or url = \"https://…/mcp\""
            )),
            (false, false) => found.push(format!("{key}: it has a command and a url; leave one of them out")),
            (false, true) if !self.headers.is_empty() => found.push(format!(
                "{key}.headers: a process has no headers; give it secrets by env"
            )),
            (true, false) if !self.args.is_empty() || !self.env.is_empty() => found.push(format!(
                "{key}: args and env are a process's; a url has headers"
            )),
            (true, false) => {
                if let Err(error) = Reach::of(self.allow_private).check(&self.url) {
                    found.push(format!("{key}.url: {error}"));
                }
            }
            (false, true) => {}
        }
    }
}

fn exposed(settings: &BTreeMap<String, Setting>) -> BTreeMap<String, String> {
    settings
        .iter()
        .map(|(name, setting)| (name.clone(), setting.expose()))
        .collect()
}

impl Config {
    /// MCP servers that could not be reached, or not be named.
    pub(super) fn mcp_servers(&self, found: &mut Vec<String>) {
        let fits = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '_' | '-')
        };
        for (name, server) in &self.mcp {
            let key = format!("mcp.{name}");
            if name.len() > 32 || !name.chars().all(fits) {
                found.push(format!(
                    "{key}: a server is named with up to 32 small letters without accents, digits, _ and -"
                ));
            }
            let before = found.len();
            server.contradictions(&key, found);
            if before == found.len()
                && let Err(error) = server.server(name)
            {
                found.push(format!("{key}: {error}"));
            }
        }
    }
}
