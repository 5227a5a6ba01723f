//! How a call comes to its end: the stages of its life, and the departures that the engine asks for.

use crate::tools::{HandOver, Own, Way};
use crate::{Outcome, ToolCallId};
use std::time::{Duration, Instant};

/// After the wish to end or transfer the call, how long the engine may take to begin its last words.
const LAST_WORDS: Duration = Duration::from_millis(1_500);

/// Where a call is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nobody can talk yet: the leg or the engine is missing.
    Opening,
    /// The conversation.
    Talking,
    /// The call says its last words.
    LastWords {
        /// The words.
        text: String,
        /// What follows them.
        then: Then,
        /// When it follows, heard or not.
        until: Instant,
    },
    /// The PBX hands the call to somebody and will tell what becomes of it: the caller hears ringing or music, and comes back if it
    /// comes to nothing.
    PutThrough(Transfer),
    /// The engine has failed, and the line is to be taken over.
    HandingOver {
        /// Who takes it.
        destination: String,
        /// When nobody took it.
        until: Instant,
        /// What follows then.
        otherwise: Otherwise,
    },
    /// The end.
    Over,
}

/// A transfer that the PBX was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    /// Who wants it.
    pub(crate) by: Asker,
    /// The destination's name.
    pub(crate) destination: String,
    /// When it has come to nothing.
    pub(crate) until: Instant,
}

/// Who wants a transfer, and is told when it comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The engine, by this id.
    Engine(ToolCallId),
    /// An operator, who sees what becomes of it.
    Operator,
}

/// What follows the last words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Then {
    /// The hang-up.
    HangUp(Outcome),
    /// Somebody else gets the call.
    HandOver(String),
}

/// What follows a hand-over that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// The apology: the caller was told nothing yet.
    Apologise,
    /// The hang-up.
    HangUp,
}

/// The end, hold or transfer that the engine has asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Departure {
    /// None.
    None,
    /// A transfer whose destination the driver is finding out.
    Sought {
        /// The engine's id for it.
        id: ToolCallId,
        /// How they get the call.
        way: Way,
        /// Whether anything was said with the wish.
        words: LastWords,
    },
    /// What is being said is heard to its end first.
    Awaited(Awaited),
    /// A PBX that tells nothing has been asked to transfer the call.
    Transferring(Transfer),
}

/// A departure that waits for the last words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Awaited {
    id: ToolCallId,
    aim: Own,
    words: LastWords,
    /// When last words that have not begun are not waited for any more.
    settle: Instant,
}

/// Whether the engine has said anything with its wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastWords {
    Unsaid,
    Said,
}

/// A departure whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) id: ToolCallId,
    pub(crate) aim: Own,
    pub(crate) words: LastWords,
}

impl Departure {
    /// The engine wants the call to end in a certain way.
    pub(crate) fn wish(id: ToolCallId, aim: Own, words: LastWords, now: Instant) -> Self {
        Self::Awaited(Awaited {
            id,
            aim,
            words,
            settle: now + LAST_WORDS,
        })
    }

    /// Whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Whether one waits for its destination or for the last words.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self, Self::Sought { .. } | Self::Awaited(_))
    }

    /// The one whose destination is being found out.
    pub(crate) fn sought(&self) -> Option<&ToolCallId> {
        match self {
            Self::Sought { id, .. } => Some(id),
            Self::None | Self::Awaited(_) | Self::Transferring(_) => None,
        }
    }

    /// The destination that was sought is known: the last words are waited for.
    pub(crate) fn found(&mut self, destination: String, now: Instant) {
        if let Self::Sought { id, way, words } = self {
            let way = way.clone();
            let aim = Own::HandOver(HandOver { destination, way });
            *self = Self::wish(id.clone(), aim, *words, now);
        }
    }

    /// Whether the PBX is at it.
    pub(crate) fn is_transferring(&self) -> bool {
        matches!(self, Self::Transferring(_))
    }

    /// Takes out the one that the PBX is at.
    pub(crate) fn take_transfer(&mut self) -> Option<Transfer> {
        match std::mem::replace(self, Self::None) {
            Self::Transferring(transfer) => Some(transfer),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Something is said: that may be the last words.
    pub(crate) fn said(&mut self) {
        match self {
            Self::Sought { words, .. } => *words = LastWords::Said,
            Self::Awaited(awaited) => awaited.words = LastWords::Said,
            Self::None | Self::Transferring(_) => {}
        }
    }

    /// The last words were held up: they have their time again.
    pub(crate) fn restart(&mut self, now: Instant) {
        if let Self::Awaited(awaited) = self {
            awaited.settle = now + LAST_WORDS;
        }
    }

    /// Takes back one that waits. Its id.
    pub(crate) fn call_off(&mut self) -> Option<ToolCallId> {
        match std::mem::replace(self, Self::None) {
            Self::Sought { id, .. } => Some(id),
            Self::Awaited(awaited) => Some(awaited.id),
            other => {
                *self = other;
                None
            }
        }
    }

    /// The engine no longer wants it, or nobody can do it. True if it waited.
    pub(crate) fn cancel(&mut self, id: &ToolCallId) -> bool {
        let waits = match self {
            Self::Sought { id: waiting, .. } | Self::Awaited(Awaited { id: waiting, .. }) => waiting == id,
            Self::None | Self::Transferring(_) => false,
        };
        if waits {
            *self = Self::None;
        }
        waits
    }

    /// When it is time if nothing more is said, where `saying` tells whether something is.
    pub(crate) fn deadline(&self, saying: bool) -> Option<Instant> {
        match self {
            Self::None | Self::Sought { .. } => None,
            Self::Awaited(awaited) => (!saying).then_some(awaited.settle),
            Self::Transferring(transfer) => Some(transfer.until),
        }
    }

    /// Takes one whose time has come: nothing is being said any more, or nothing was begun in time.
    pub(crate) fn due(&mut self, silent: bool, saying: bool, now: Instant) -> Option<Due> {
        let Self::Awaited(awaited) = self else { return None };
        let heard = silent && awaited.words == LastWords::Said;
        let unsaid = !saying && awaited.settle <= now;
        if !heard && !unsaid {
            return None;
        }
        let due = Due {
            id: awaited.id.clone(),
            aim: awaited.aim.clone(),
            words: awaited.words,
        };
        *self = Self::None;
        Some(due)
    }
}
