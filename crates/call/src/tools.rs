//! The tools that the engine uses: those of the world outside, and the call's own.

use crate::ToolCallId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// Tools under way at once; an engine that wants more is refused.
const MOST: usize = 16;

/// What the call does for the engine, once the last words are heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Own {
    /// `end_call`: the call is over.
    EndCall,
    /// `hold_call`: the caller waits with music.
    Hold,
    /// The call goes to somebody.
    HandOver(HandOver),
}

/// To whom a call goes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HandOver {
    /// The destination, by the name that the driver has found.
    pub(crate) destination: String,
    pub(crate) way: Way,
}

/// How somebody gets a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// `transfer_call`: the caller is put through.
    Blind,
    /// `transfer_announced`: they are told this first, and asked.
    Announced(String),
    /// `voicemail`: the caller speaks to their mailbox.
    Voicemail,
}

/// What a tool's name and arguments come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// `end_call`: the call does it.
    End,
    /// `hold_call`: the call does it.
    Hold,
    /// `resume_call`: the call does it.
    Resume,
    /// `transfer_call` and its kin: the driver finds out who is meant, then the call does it.
    HandOver(Way),
    /// Something that the driver does.
    Outside,
    /// Nothing that can be done; the engine is told why and what would be right.
    Refused(String),
}

/// Reads what the engine wants.
pub(crate) fn wanted(name: &str, arguments: &Value) -> Wanted {
    match name {
        "end_call" => Wanted::End,
        "hold_call" => Wanted::Hold,
        "resume_call" => Wanted::Resume,
        "transfer_call" => hand_over(name, arguments, Way::Blind),
        "transfer_announced" => {
            let about = text(arguments, "about").to_owned();
            hand_over(name, arguments, Way::Announced(about))
        }
        "voicemail" => hand_over(name, arguments, Way::Voicemail),
        _ => Wanted::Outside,
    }
}

fn hand_over(name: &str, arguments: &Value, way: Way) -> Wanted {
    if text(arguments, "destination").is_empty() {
        return Wanted::Refused(format!(
            "{name} needs a destination: give {{\"destination\": \"a name or number of the secretary's\"}}"
        ));
    }
    Wanted::HandOver(way)
}

fn text<'a>(arguments: &'a Value, name: &str) -> &'a str {
    arguments
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim()
}

#[derive(Debug)]
struct Pending {
    name: String,
    until: Instant,
    /// When the caller is told that it takes a while, if they are told at all and were not yet.
    words_due: Option<Instant>,
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
    pub(crate) fn admit(
        &mut self,
        id: &ToolCallId,
        name: &str,
        until: Instant,
        words_due: Option<Instant>,
    ) -> Admission {
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
                words_due,
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

    /// When the caller is to be told next that a tool takes a while.
    pub(crate) fn words_due(&self) -> Option<Instant> {
        self.pending
            .values()
            .filter_map(|pending| pending.words_due)
            .min()
    }

    /// The tool of which the caller is to be told now. What is said of one is said of all that are under way.
    pub(crate) fn slow(&mut self, now: Instant) -> Option<String> {
        let is_due = |pending: &&Pending| pending.words_due.is_some_and(|due| due <= now);
        let name = self.pending.values().find(is_due)?.name.clone();
        for pending in self.pending.values_mut() {
            pending.words_due = None;
        }
        Some(name)
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
