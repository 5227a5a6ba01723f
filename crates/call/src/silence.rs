//! The caller's silence.

use std::time::{Duration, Instant};

/// How long nobody has said or done anything, and how often the caller was asked about it.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    since: Option<Instant>,
    asked: usize,
    /// How many turns in a row nothing was made of.
    unheeded: u32,
}

/// What a silence that has lasted long enough calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlong {
    /// The reprompt of this index.
    Reprompt(usize),
    /// The end of the call.
    Farewell,
}

impl Silence {
    /// Tells whether it is the caller's turn to do something and nothing is being done.
    pub(crate) fn observe(&mut self, idle: bool, now: Instant) {
        self.since = if idle { self.since.or(Some(now)) } else { None };
    }

    /// The caller is there: the count begins anew.
    pub(crate) fn broken(&mut self) {
        self.asked = 0;
        self.unheeded = 0;
    }

    /// Nothing was made of a turn. True if that was so with the turn before it, too.
    pub(crate) fn unheeded(&mut self) -> bool {
        self.unheeded += 1;
        self.unheeded.is_multiple_of(2)
    }

    /// When the silence has lasted too long; never with a limit of zero.
    pub(crate) fn deadline(&self, limit: Duration) -> Option<Instant> {
        (!limit.is_zero()).then_some(self.since? + limit)
    }

    /// It has lasted too long.
    pub(crate) fn overlong(&mut self, reprompts: usize, now: Instant) -> Overlong {
        self.since = Some(now);
        if self.asked >= reprompts {
            return Overlong::Farewell;
        }
        self.asked += 1;
        Overlong::Reprompt(self.asked - 1)
    }
}
