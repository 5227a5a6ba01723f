//! What a stand-in says, and what goes wrong with it.

use super::tone;
use serde_json::Value;
use std::time::Duration;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its words; an answer without words has no audio either.
    pub text: String,
    /// How long its audio is: a tone.
    pub length: Duration,
    /// The tools that it calls, after its words.
    pub tools: Vec<ToolUse>,
    /// True if it does not end by itself after its audio, but only when the caller interrupts it.
    pub held: bool,
}

impl Answer {
    /// Words, as a tone of this length.
    pub fn tone(text: &str, length: Duration) -> Self {
        Self {
            text: text.into(),
            length,
            tools: Vec::new(),
            held: false,
        }
    }

    /// Calls of tools alone.
    pub fn tools(tools: Vec<ToolUse>) -> Self {
        Self {
            tools,
            ..Self::tone("", Duration::ZERO)
        }
    }

    /// The same, which does not end by itself.
    #[must_use]
    pub fn held(self) -> Self {
        Self { held: true, ..self }
    }

    /// Its audio at a rate.
    pub fn pcm(&self, hz: u32) -> Vec<i16> {
        tone(self.length, hz)
    }
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUse {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
}

impl ToolUse {
    /// A call with these arguments.
    pub fn new(name: &str, arguments: Value) -> Self {
        Self {
            name: name.into(),
            arguments,
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The first request is refused with this HTTP status and this body.
    Refuse {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The connection is taken, and nothing is ever said on it.
    Hang,
    /// The connection is closed with this code and reason instead of being configured.
    CloseAtOnce {
        /// The code.
        code: u16,
        /// The reason.
        reason: String,
    },
    /// The connection is closed with this code after the first audio of an answer.
    CloseMidAnswer(u16),
    /// The connection breaks after the first audio of an answer, without a close frame.
    BreakMidAnswer,
    /// Each answer has five and a half minutes of audio, all at once: more than anybody holds.
    Flood,
    /// A text that is no JSON comes instead of an answer.
    Malformed,
    /// The session's audio has another format than it should.
    WrongFormat,
    /// Once the session is configured, nothing is read or said any more.
    Stall,
}

/// How long an answer is under [`Fault::Flood`].
pub(crate) const FLOOD: Duration = Duration::from_secs(330);
