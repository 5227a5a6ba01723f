//! The types that a key may have.

use super::error::{ConfigError, Origin};
use super::node::{Node, PREFIX, Value};
use super::read::{Read, Reading};
use super::secret::{Secret, SecretError};
use audio::{Layout, SampleRate};
use ipnet::IpNet;
use secretary::DomainUuid;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// Reads a value of one kind; `expected` says what would be right.
fn plain<T>(
    node: Node,
    reading: &mut Reading,
    expected: &str,
    take: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let value = take(&node.value);
    if value.is_none() {
        let problem = format!("{} is not {expected}", node.value.describe());
        reading.refuse(ConfigError::Value {
            at: node.at,
            key: node.path,
            problem,
        });
    }
    value
}

/// Reads a text that a type parses; the parser's words say what is wrong.
pub(super) fn parsed<T, E: Display>(
    node: Node,
    reading: &mut Reading,
    expected: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    let (at, key) = (node.at.clone(), node.path.clone());
    let text = String::read(node, reading)?;
    match parse(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            let problem = format!("{text:?} is not {expected}: {error}");
            reading.refuse(ConfigError::Value { at, key, problem });
            None
        }
    }
}

impl Read for u16 {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        plain(
            node,
            reading,
            "a whole number from 0 to 65535",
            |value| match value {
                Value::Integer(number) => Self::try_from(*number).ok(),
                _ => None,
            },
        )
    }
}

impl Read for IpAddr {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(
            node,
            reading,
            "an IP address such as 127.0.0.1",
            str::parse::<Self>,
        )
    }
}

impl Read for u32 {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        plain(
            node,
            reading,
            "a whole number of at least 0",
            |value| match value {
                Value::Integer(number) => Self::try_from(*number).ok(),
                _ => None,
            },
        )
    }
}

impl Read for bool {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        plain(node, reading, "true or false", |value| match value {
            Value::Bool(value) => Some(*value),
            _ => None,
        })
    }
}

impl Read for String {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        // In the environment a name that happens to look like a number is still a name.
        let from_env = matches!(node.at, Origin::Env(_));
        plain(node, reading, "a text in quotes", |value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(_) | Value::Bool(_) | Value::Other(_) if from_env => Some(value.describe()),
            _ => None,
        })
    }
}

impl Read for PathBuf {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "a path", |text| {
            if text.is_empty() {
                Err("it is empty; leave the key out for the default")
            } else {
                Ok(text.into())
            }
        })
    }
}

impl Read for SocketAddr {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(
            node,
            reading,
            "an address with a port, such as 127.0.0.1:8085 or [::1]:8085",
            str::parse,
        )
    }
}

impl Read for IpNet {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(
            node,
            reading,
            "an address or a network, such as 192.0.2.7 or 192.0.2.0/24",
            |text| {
                text.parse::<IpAddr>()
                    .map(Self::from)
                    .or_else(|_| text.parse::<Self>())
            },
        )
    }
}

impl Read for DomainUuid {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "a domain", str::parse)
    }
}

impl Read for SampleRate {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        plain(
            node,
            reading,
            "a sample rate in Hz; use a multiple of 8000 from 8000 to 48000",
            |value| match value {
                Value::Integer(hz) => Self::new(u32::try_from(*hz).ok()?).ok(),
                _ => None,
            },
        )
    }
}

impl Read for Layout {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "a mix", |text| match text {
            "mono" => Ok(Self::Mono),
            "mixed" => Ok(Self::Mixed),
            "stereo" => Ok(Self::Stereo),
            _ => Err("use mono, mixed or stereo"),
        })
    }
}

impl Read for Secret {
    /// `{ env = "NAME" }` or `{ file = "/path" }`. The plain secret is taken from the environment alone: a configuration
    /// file is copied, shown and kept in version control.
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        let from_env = matches!(node.at, Origin::Env(_));
        let Node { path, at, value } = node;
        let read = match value {
            Value::Table(table) => reference(table, reading),
            _ if !from_env => Err(format!(
                "a secret does not belong into this file; write {{ env = \"NAME\" }} or {{ file = \"/path\" }}, or set {}",
                variable(&path)
            )),
            Value::Text(text) => Self::new(&text).map_err(|error| error.to_string()),
            Value::Array(_) => Err("a list is no secret".into()),
            // What TOML takes for a number or a date is the secret as it was written: 1_000 is not 1000.
            _ => Self::new(written(&at, &reading.environment)).map_err(|error| error.to_string()),
        };
        read.map_err(|problem| {
            reading.refuse(ConfigError::Value {
                at,
                key: path,
                problem,
            })
        })
        .ok()
    }
}

/// The text of the variable that a value came from; empty where it came from the file.
fn written<'a>(at: &Origin, environment: &'a BTreeMap<String, String>) -> &'a str {
    match at {
        Origin::Env(name) => environment.get(name).map_or("", String::as_str),
        Origin::File(..) => "",
    }
}

/// The variable that overrides a key.
fn variable(path: &str) -> String {
    format!("{}{}", PREFIX, path.to_ascii_uppercase().replace('.', "__"))
}

fn reference(mut table: BTreeMap<String, Node>, reading: &Reading) -> Result<Secret, String> {
    let named = table.pop_first();
    let (
        Some((
            kind,
            Node {
                value: Value::Text(name),
                ..
            },
        )),
        None,
    ) = (named, table.pop_first())
    else {
        return Err("a secret is named by { env = \"NAME\" } or { file = \"/path\" }, one of the two".into());
    };
    match kind.as_str() {
        "file" => match reading.coming.get(Path::new(&name)) {
            Some(text) => Secret::new(text),
            None => Secret::from_file(&name),
        },
        "env" => match reading.environment.get(&name) {
            Some(text) => Secret::new(text),
            None => Err(SecretError::NoVariable(name)),
        },
        _ => return Err(format!("a secret has no {kind}; use env or file")),
    }
    .map_err(|error| error.to_string())
}

impl<T: Read> Read for Option<T> {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        T::read(node, reading).map(Some)
    }

    fn keys(path: &str, keys: &mut Vec<String>) {
        T::keys(path, keys);
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        let items = plain_list(node, reading)?;
        let count = items.len();
        let read: Self = items
            .into_iter()
            .filter_map(|item| T::read(item, reading))
            .collect();
        (read.len() == count).then_some(read)
    }

    fn keys(path: &str, keys: &mut Vec<String>) {
        T::keys(path, keys);
    }
}

fn plain_list(node: Node, reading: &mut Reading) -> Option<Vec<Node>> {
    match node.value {
        Value::Array(items) => Some(items),
        other => {
            let problem = format!("{} is not a list in brackets", other.describe());
            reading.refuse(ConfigError::Value {
                at: node.at,
                key: node.path,
                problem,
            });
            None
        }
    }
}
