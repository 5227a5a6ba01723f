//! The tools that the engine uses: those of the world outside, and the call's own.

use crate::ToolCallId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// Tools under way at once; an engine that wants more is refused.
const MOST: usize = 16;

/// How the call ends for the engine, once the last words are heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Own {
    /// `end_call`: the call is over.
    EndCall,
    /// `transfer_call`: the call goes to this destination, by the name that the driver has found.
    Transfer(String),
}

/// What a tool's name and arguments come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `end_call`: the call does it.
    End,
    /// `transfer_call`: the driver finds out who is meant, then the call does it.
    Transfer,
    /// Something that the driver does.
    Outside,
    /// Nothing that can be done; the engine is told why and what would be right.
    Refused(&'static str),
}

/// Reads what the engine wants.
pub(crate) fn wanted(name: &str, arguments: &Value) -> Wanted {
    match name {
        "end_call" => Wanted::End,
        "transfer_call" => match arguments
            .get("destination")
            .and_then(Value::as_str)
            .map(str::trim)
        {
            Some(destination) if !destination.is_empty() => Wanted::Transfer,
            _ => Wanted::Refused(
                "transfer_call needs a destination: give {\"destination\": \"a name or number of the secretary's\"}",
            ),
        },
        _ => Wanted::Outside,
    }
}

#[derive(Debug)]
struct Pending {
    name: String,
    until: Instant,
}

/// The tools that the driver uses for the engine at present.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    pending: BTreeMap<ToolCallId, Pending>,
}

/// Whether one more tool was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Taken,
    /// It is under way already.
    Known,
    TooMany,
}

impl Tools {
    /// A tool is to be used.
    pub(crate) fn admit(&mut self, id: &ToolCallId, name: &str, until: Instant) -> Admission {
        if self.pending.contains_key(id) {
            return Admission::Known;
        }
        if self.pending.len() >= MOST {
            return Admission::TooMany;
        }
        self.pending.insert(
            id.clone(),
            Pending {
                name: name.to_owned(),
                until,
            },
        );
        Admission::Taken
    }

    /// A tool has ended or is wanted no more. False if nobody waits for it.
    pub(crate) fn end(&mut self, id: &ToolCallId) -> bool {
        self.pending.remove(id).is_some()
    }

    /// Whether no tool is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Nobody waits for any of them.
    pub(crate) fn forget(&mut self) {
        self.pending.clear();
    }

    /// When the next one is late.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.pending.values().map(|pending| pending.until).min()
    }

    /// Takes out one that is late: its id and name.
    pub(crate) fn late(&mut self, now: Instant) -> Option<(ToolCallId, String)> {
        let id = self
            .pending
            .iter()
            .find(|(_, pending)| pending.until <= now)
            .map(|(id, _)| id.clone())?;
        let pending = self.pending.remove(&id)?;
        Some((id, pending.name))
    }
}
