//! How log lines are written.

use super::node::Node;
use super::read::{Read, Reading};
use super::values::parsed;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Read for LogFormat {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "a format", |text| match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("use text or json"),
        })
    }
}
