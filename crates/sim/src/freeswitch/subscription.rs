//! Which events a listener wants.

use super::event::{Event, Format};
use std::collections::HashSet;

/// What one listener has asked for by `event`, `filter` and `myevents`.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) format: Format,
    names: HashSet<String>,
    subclasses: HashSet<String>,
    all: bool,
    on: bool,
    filters: Vec<(String, String)>,
    of_channel: Option<String>,
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            format: Format::Plain,
            names: HashSet::new(),
            subclasses: HashSet::new(),
            all: false,
            on: false,
            filters: Vec::new(),
            of_channel: None,
        }
    }
}

/// The events that `myevents` brings.
const MINE: [&str; 22] = [
    "CHANNEL_ANSWER",
    "CHANNEL_APPLICATION",
    "CHANNEL_BRIDGE",
    "CHANNEL_CREATE",
    "CHANNEL_DATA",
    "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_ORIGINATE",
    "CHANNEL_UUID",
    "CHANNEL_OUTGOING",
    "CHANNEL_PARK",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_STATE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_UNPARK",
    "DTMF",
    "NOTALK",
    "TALK",
];

/// Names that FreeSWITCH knows besides those of channels; any other is no keyword.
const OTHERS: [&str; 17] = [
    "ALL",
    "API",
    "BACKGROUND_JOB",
    "CALL_UPDATE",
    "CODEC",
    "CUSTOM",
    "DEL_SCHEDULE",
    "DTMF",
    "HEARTBEAT",
    "MEDIA_BUG_START",
    "MEDIA_BUG_STOP",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "PRIVATE_COMMAND",
    "RECORD_START",
    "RECORD_STOP",
    "SHUTDOWN",
];

impl Subscription {
    /// `event [plain|json] <names>`; after `CUSTOM` come subclasses.
    pub(super) fn add(&mut self, words: &str) -> String {
        let (mut known, mut custom) = (0, false);
        for (at, word) in words.split(' ').filter(|word| !word.is_empty()).enumerate() {
            match word.to_ascii_lowercase().as_str() {
                "plain" if at == 0 => self.format = Format::Plain,
                "json" if at == 0 => self.format = Format::Json,
                _ if custom => {
                    self.subclasses.insert(word.to_owned());
                }
                _ => {
                    let name = word.to_ascii_uppercase();
                    if !is_event(&name) {
                        continue;
                    }
                    known += 1;
                    custom = name == "CUSTOM";
                    self.all |= name == "ALL";
                    self.names.insert(name);
                }
            }
        }
        if known == 0 {
            return "-ERR no keywords supplied".to_owned();
        }
        self.on = true;
        format!("+OK event listener enabled {}", self.format.name())
    }

    /// `nixevent <names>`.
    pub(super) fn remove(&mut self, words: &str) -> String {
        let (mut known, mut custom) = (0, false);
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            if custom {
                self.subclasses.remove(word);
                continue;
            }
            let name = word.to_ascii_uppercase();
            if !is_event(&name) {
                continue;
            }
            known += 1;
            custom = name == "CUSTOM";
            if name == "ALL" {
                self.names.clear();
                self.all = false;
            }
            if !custom {
                self.names.remove(&name);
            }
        }
        if known == 0 {
            return "-ERR no keywords supplied".to_owned();
        }
        self.on = true;
        "+OK events nixed".to_owned()
    }

    /// `noevents`.
    pub(super) fn clear(&mut self) -> String {
        if !self.on {
            return "-ERR not listening for events".to_owned();
        }
        self.names.clear();
        self.subclasses.clear();
        (self.all, self.on) = (false, false);
        "+OK no longer listening for events".to_owned()
    }

    /// `filter [delete] <header> <value>`.
    pub(super) fn filter(&mut self, words: &str) -> String {
        let Some((header, value)) = words.split_once(' ') else {
            return "-ERR invalid syntax".to_owned();
        };
        if !header.eq_ignore_ascii_case("delete") {
            self.filters.push((header.to_owned(), value.to_owned()));
            return format!("+OK filter added. [{header}]=[{value}]");
        }
        let (header, value) = value.split_once(' ').unwrap_or((value, ""));
        self.filters.retain(|(known, wanted)| {
            let named = header.eq_ignore_ascii_case("all") || known.eq_ignore_ascii_case(header);
            !(named && (value.is_empty() || wanted == value))
        });
        format!("+OK filter deleted. [{header}][{value}]")
    }

    /// `myevents <uuid>`.
    pub(super) fn mine(&mut self, id: &str) -> String {
        if self.of_channel.is_some() {
            return "-ERR aready enabled.".to_owned();
        }
        self.names.extend(MINE.map(str::to_owned));
        self.of_channel = Some(id.to_owned());
        self.on = true;
        "+OK Events Enabled".to_owned()
    }

    pub(super) fn wants_name(&self, name: &str) -> bool {
        self.on && (self.all || self.names.contains(name))
    }

    pub(super) fn wants(&self, event: &Event) -> bool {
        let subclass = event.header("Event-Subclass");
        let subclass_wanted = self.all || subclass.is_none_or(|subclass| self.subclasses.contains(subclass));
        if !self.wants_name(event.name) || !subclass_wanted {
            return false;
        }
        let mine = self
            .of_channel
            .as_deref()
            .is_none_or(|id| event.header("Unique-ID") == Some(id));
        mine && self.passes(event)
    }

    /// Without a filter all pass; with some, those that one of them names. A value with `-` in front takes them out again.
    fn passes(&self, event: &Event) -> bool {
        let mut passes = self.filters.is_empty();
        for (header, value) in &self.filters {
            let Some(found) = event.header(header) else {
                continue;
            };
            let wanted = value.trim_start_matches([' ', '+', '-']);
            if !found.eq_ignore_ascii_case(wanted) {
                continue;
            }
            if value.trim_start().starts_with('-') {
                return false;
            }
            passes = true;
        }
        passes
    }
}

fn is_event(name: &str) -> bool {
    name.starts_with("CHANNEL_") || OTHERS.contains(&name)
}
