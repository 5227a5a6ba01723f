//! What was said on the connections of a stand-in.

use serde::Serialize;
use serde_json::Value;

/// Who sent an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The adapter under test.
    Client,
    /// The stand-in.
    Server,
}

/// One event that was sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sent {
    /// By whom.
    pub from: Side,
    /// What.
    pub event: Value,
}

impl Sent {
    /// The event's `type`; empty if it has none.
    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap_or_default()
    }
}

/// What a server has seen.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// All events of all connections, in order.
    pub events: Vec<Sent>,
    /// How many bytes of audio came in binary messages.
    pub heard_bytes: usize,
    /// How many bytes of audio went out in binary messages.
    pub spoken_bytes: usize,
    /// How many connections were made.
    pub connections: usize,
    /// How many connections are open.
    pub open: usize,
}

impl Log {
    /// The events of one type that the client sent.
    pub fn client(&self, kind: &str) -> Vec<&Value> {
        self.of(Side::Client, kind)
    }

    /// The events of one type that the server sent.
    pub fn server(&self, kind: &str) -> Vec<&Value> {
        self.of(Side::Server, kind)
    }

    /// What one side's events have at this JSON pointer, for those that have it. For an API whose events have no type.
    pub fn having(&self, from: Side, pointer: &str) -> Vec<&Value> {
        self.events
            .iter()
            .filter(|s| s.from == from)
            .filter_map(|s| s.event.pointer(pointer))
            .collect()
    }

    fn of(&self, from: Side, kind: &str) -> Vec<&Value> {
        self.events
            .iter()
            .filter(|s| s.from == from && s.kind() == kind)
            .map(|s| &s.event)
            .collect()
    }
}
