//! What the caller does, and when.

use crate::clip::Clip;
use std::time::Duration;

/// One thing the caller does.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub when: When,
    /// What.
    pub act: Act,
}

/// What a caller can do.
#[derive(Debug, Clone)]
pub enum Act {
    /// Say something.
    Say(Clip),
    /// Press a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Press(char),
}

/// When a step begins. A step never begins before the one before it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So long after the call was accepted.
    At(Duration),
    /// So long after the step before.
    AfterPrevious(Duration),
    /// When the assistant has finished an utterance since the step before, and is silent.
    AfterAssistant,
    /// So long after an utterance of the assistant begins to be heard: the next one since the step before.
    IntoNextUtterance(Duration),
    /// So long after the assistant's utterance of this number (from 1) begins to be heard.
    IntoUtterance(u32, Duration),
}
