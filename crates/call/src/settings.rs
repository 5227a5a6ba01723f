//! What a call is told at its start.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The call, from the ear's edges.
    Call,
    /// The engine.
    Engine,
}

/// What an engine can do and what it leaves to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Who ends the caller's turn.
    pub turns: By,
    /// Who interrupts an answer.
    pub interruptions: By,
    /// Whether it says a text word for word.
    pub verbatim: bool,
    /// Whether it can be told how much of an answer was heard.
    pub truncation: bool,
}

/// The rules of one call. Durations of zero switch a rule off where its text says so; none is longer than some years.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What the engine leaves to the call.
    pub engine: Capabilities,
    /// Said before the greeting, and interrupted by nothing that the caller does; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notice: String,
    /// Said first, or after the notice; empty for none.
    pub greeting: String,
    /// Whether the caller may interrupt the greeting.
    pub greeting_interruptible: bool,
    /// Said when the caller is silent, one after the other; after the last, the farewell.
    pub reprompts: Vec<String>,
    /// Said before the call is ended for silence or time, or by an engine that says no last words of its own.
    pub farewell: String,
    /// Said when the engine fails and the call is handed over or ended.
    pub apology: String,
    /// Said when an answer is owed and nothing of it was heard for `patience`; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub waiting: String,
    /// Said when the engine fails in the middle of an answer, or before one that is owed, and another takes its place; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bridge: String,
    /// Words that do not interrupt, folded to lower case without accents ("uhum", "ta", "ok").
    pub backchannels: Vec<String>,
    /// Speech shorter than this does not interrupt by its length alone.
    pub min_speech: Duration,
    /// How long a held answer waits for the words of a short sound before it goes on.
    pub hold_limit: Duration,
    /// Silence after which a turn is over, whatever the end-of-turn model says.
    pub turn_silence: Duration,
    /// How long the engine may take from the end of a turn to the first audio.
    pub answer_limit: Duration,
    /// How long the caller waits for an answer before `waiting` is said; zero for ever.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub patience: Duration,
    /// Silence of the caller before a reprompt; zero for never.
    pub silence: Duration,
    /// The longest call; zero for no limit.
    pub total: Duration,
    /// How long a tool may take.
    pub tool_limit: Duration,
    /// What the caller is told when a tool of that name takes longer than [`Settings::TOOL_PATIENCE`] and nothing else is being said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting_words: BTreeMap<String, String>,
    /// How long a transfer may take whose outcome the PBX tells ([`crate::Input::TransferEnded`]); none where it tells nothing, and
    /// a leg that is still there after `tool_limit` was not handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_limit: Option<Duration>,
    /// The longest that the caller waits with music ([`crate::LegCommand::Hold`]).
    #[serde(default = "longest_hold", skip_serializing_if = "is_longest_hold")]
    pub longest_hold: Duration,
    /// How long the last words may take to be heard before the call is ended all the same.
    pub farewell_limit: Duration,
    /// Whether `end_call` is refused: the engine was not offered it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuses_end_call: bool,
    /// Whether `hold_call` is refused: the engine was not offered it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuses_hold: bool,
    /// Where the call goes when the engine fails: a destination of the secretary's, or nowhere.
    pub fallback: Option<String>,
}

impl Settings {
    /// A tool that is faster needs no words; after so long the caller would wonder.
    pub const TOOL_PATIENCE: Duration = Duration::from_millis(700);

    /// As long as a caller waits who was told to.
    pub const LONGEST_HOLD: Duration = Duration::from_secs(120);
}

fn longest_hold() -> Duration {
    Settings::LONGEST_HOLD
}

/// Whether a log need not tell.
fn is_longest_hold(limit: &Duration) -> bool {
    *limit == Settings::LONGEST_HOLD
}
