//! One phone call with a voice assistant, as a pure state machine.
//!
//! The contract: a driver gives [`Call::handle`] each [`Input`] with the instant at which it happened, then takes
//! outputs from [`Call::poll_output`] until there is none, then sleeps until [`Call::poll_timeout`] at the latest and
//! calls [`Call::handle_timeout`]. There is no clock, socket, task, random number or map order in here, and no audio:
//! the machine sees speech edges, transcripts, played positions and timers, and decides. The same inputs give the same
//! outputs, so every rule of conversation is tested in virtual time and a recorded call can be fed in again.
//!
//! Positions come first: before each other input, and before [`Call::handle_timeout`], the driver tells where the playout is.
//!
//! Who is who: the *ear* hears edges of the caller's speech; the *engine* understands and answers; the *playout* plays
//! and counts; the *leg* is the caller's line.
#![forbid(unsafe_code)]

pub mod announcing;
mod ending;
mod floor;
mod heard;
mod input;
mod machine;
mod output;
mod settings;
mod silence;
mod thinking;
mod tools;
mod turn;
mod utterances;
mod words;

pub use input::{
    Cause, Digit, Directive, EngineEvent, FailureKind, Input, LegEvent, PlayoutEvent, TransferOutcome,
};
pub use machine::{Call, Standing};
pub use output::{ClearReason, EngineCommand, LegCommand, Outcome, Output, Record, Role, ToolRequest};
pub use settings::{By, Capabilities, Settings};
pub use words::{Backchannels, Weight};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $int:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// The one after this.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A turn of the caller, counted by the call from 1.
    TurnId,
    u32
);
number!(
    /// A text that the call asked the engine to say word for word, counted by the call from 1.
    SayId,
    u32
);
number!(
    /// An answer of the engine, counted by its session from 1 upwards: a larger number is a later answer. This is the
    /// generation by which late audio of a cleared answer is told from new audio.
    AnswerId,
    u64
);
number!(
    /// A pre-rendered prompt that the driver plays by itself, counted by the call from 1.
    PromptId,
    u32
);

/// The id by which the engine names a tool call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToolCallId(pub String);

/// Something that is played to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Utterance {
    /// Audio of the engine.
    Answer(AnswerId),
    /// A prompt of ours.
    Prompt(PromptId),
}

/// A position in an utterance: how much of it the caller has heard, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayedMs(pub u64);

impl From<Duration> for PlayedMs {
    /// Rounds down: the engine is never told of more than was heard.
    fn from(played: Duration) -> Self {
        Self(u64::try_from(played.as_millis()).unwrap_or(u64::MAX))
    }
}
