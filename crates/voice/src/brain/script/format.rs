//! The YAML file as it stands: `docs/script.md` explains every key.

use secretary::Language;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};
use std::collections::BTreeMap;

/// A name that refers to something in the file, with its place for errors.
pub(super) type Name = Spanned<String>;

/// A name that no file gives.
pub(super) fn unwritten(name: &str) -> Name {
    Spanned::new(name.into(), Location::UNKNOWN, Location::UNKNOWN)
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) language: Language,
    pub(super) start: Name,
    #[serde(default)]
    pub(super) matching: Matching,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) phrases: Phrases,
    #[serde(default)]
    pub(super) slots: BTreeMap<String, Slot>,
    pub(super) intents: BTreeMap<String, Intent>,
    pub(super) states: BTreeMap<String, State>,
    #[serde(default)]
    pub(super) everywhere: Vec<Choice>,
    #[serde(default)]
    pub(super) flows: BTreeMap<String, Vec<Step>>,
    #[serde(default)]
    pub(super) fallback: Vec<Step>,
    #[serde(default)]
    pub(super) otherwise: Vec<Step>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Matching {
    pub(super) threshold: f32,
    pub(super) margin: f32,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            threshold: 0.6,
            margin: 0.05,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) no_match: u32,
    pub(super) no_input: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            no_match: 3,
            no_input: 2,
        }
    }
}

/// One text, or several that are said in turn.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Phrases {
    pub(super) greeted: Option<Texts>,
    pub(super) no_match: Option<Texts>,
    pub(super) unheard: Option<Texts>,
    pub(super) menu: Option<Texts>,
    pub(super) yes_no_keys: Option<Texts>,
    pub(super) either: Option<Texts>,
    pub(super) wrong_key: Option<Texts>,
    pub(super) type_number: Option<Texts>,
    pub(super) retry: Option<Texts>,
    pub(super) transferring: Option<Texts>,
    pub(super) transfer_failed: Option<Texts>,
    pub(super) closed: Option<Texts>,
    pub(super) closed_for_long: Option<Texts>,
    pub(super) offer_message: Option<Texts>,
    pub(super) which: Option<Texts>,
    pub(super) did_you_mean: Option<Texts>,
    pub(super) message_done: Option<Texts>,
    pub(super) message_failed: Option<Texts>,
    pub(super) wait: Option<Texts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Name,
    Number,
    Phone,
    Text,
}

impl Kind {
    /// Whether it can be typed on a phone.
    pub(super) const fn typed(self) -> bool {
        matches!(self, Self::Number | Self::Phone)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slot {
    pub(super) kind: Kind,
    pub(super) ask: Texts,
    #[serde(default)]
    pub(super) retry: Option<Texts>,
    #[serde(default)]
    pub(super) keys: Option<Texts>,
    #[serde(default)]
    pub(super) confirm: Option<Texts>,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) min_digits: Option<usize>,
    #[serde(default)]
    pub(super) max_digits: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    #[serde(default)]
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) words: Vec<String>,
    pub(super) examples: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) ask: Texts,
    #[serde(default)]
    pub(super) retry: Option<Texts>,
    #[serde(default)]
    pub(super) choices: Vec<Choice>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    pub(super) intent: Name,
    #[serde(default)]
    pub(super) key: Option<Name>,
    #[serde(default)]
    pub(super) label: Option<String>,
    #[serde(rename = "do")]
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    Say(Texts),
    Info(Name),
    Ask(Name),
    Confirm(Confirm),
    Go(Name),
    Flow(Name),
    Hours(Branches),
    Transfer(Transfer),
    Voicemail(Voicemail),
    Check(Availability),
    Hold(Texts),
    Resume,
    Keys(Name),
    Record(Recording),
    Message(Message),
    End(Texts),
    Repeat,
    Menu,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    pub(super) ask: Texts,
    pub(super) yes: Vec<Step>,
    pub(super) no: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Branches {
    #[serde(default)]
    pub(super) open: Vec<Step>,
    #[serde(default)]
    pub(super) closed: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    pub(super) to: Name,
    #[serde(default)]
    pub(super) say: Option<Texts>,
    /// What they are told before they take the call; none, and they are not asked.
    #[serde(default)]
    pub(super) announce: Option<Texts>,
    #[serde(default)]
    pub(super) otherwise: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Voicemail {
    pub(super) to: Name,
    #[serde(default)]
    pub(super) say: Option<Texts>,
    #[serde(default)]
    pub(super) otherwise: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Availability {
    pub(super) to: Name,
    #[serde(default)]
    pub(super) free: Vec<Step>,
    #[serde(default)]
    pub(super) otherwise: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Recording {
    Start,
    Stop,
}

impl Recording {
    /// As the tool takes it.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    pub(super) slots: Vec<Name>,
    #[serde(default)]
    pub(super) done: Option<Texts>,
    #[serde(default)]
    pub(super) otherwise: Vec<Step>,
}
