//! What happens to a call.

use crate::{AnswerId, Capabilities, PlayedMs, SayId, ToolCallId, TurnId, Utterance};
use serde::{Deserialize, Serialize};

/// One thing that happened, told to the call with its instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The caller began to speak (the ear's decision, up to 100 ms after the first sound).
    SpeechStarted,
    /// The caller fell silent (the ear's decision, after its hangover).
    SpeechEnded,
    /// The answer to [`crate::Output::JudgeTurn`]: whether the caller has finished.
    TurnJudged {
        /// The turn that was judged.
        turn: TurnId,
        /// True if it sounds complete.
        complete: bool,
    },
    /// Something the engine says.
    Engine(EngineEvent),
    /// Something the playout counted.
    Playout(PlayoutEvent),
    /// A key pressed.
    Dtmf(Digit),
    /// Something that happened to the line.
    Leg(LegEvent),
    /// A tool that the call asked the driver for has ended. The text goes to the engine; that of a `transfer_call`,
    /// `transfer_announced` or `voicemail` that can be done is the destination's name, to which the call then goes
    /// ([`crate::LegCommand::Transfer`], [`crate::LegCommand::Voicemail`]).
    ToolDone {
        /// Which call of a tool.
        id: ToolCallId,
        /// True if it did what was asked.
        ok: bool,
        /// What the engine is told, as JSON or plain text.
        result: String,
    },
    /// What became of [`crate::LegCommand::Transfer`], from a PBX that tells. Until then the caller hears ringing or music and is
    /// not listened to.
    TransferEnded {
        /// What.
        outcome: TransferOutcome,
    },
    /// What an operator of the node wants of the call.
    Operator(Directive),
    /// Someone other than the caller ends the call: an operator, or a shutdown whose patience is over.
    End,
}

/// What an operator wants of a call. The engine is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Directive {
    /// Tell the caller this, word for word and by the driver's own voice, at the next pause of the conversation.
    Say {
        /// The words. Of an empty text nothing is said.
        text: String,
    },
    /// Hand the call to somebody at once, whatever is being said. One that comes to nothing brings the caller back.
    Transfer {
        /// The destination's name.
        destination: String,
    },
    /// Say good-bye, then hang up.
    HangUp,
}

/// What an engine reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineEvent {
    /// The session is configured and may be spoken to.
    Ready,
    /// Words of the caller; what could not be understood for want of a model or by its failure is not told as no words.
    /// `turn` is that of the [`crate::EngineCommand::Transcribe`] which asked for them; an engine that
    /// ends turns by itself leaves it out.
    Heard {
        /// The turn, where the call asked for it.
        turn: Option<TurnId>,
        /// The words, from the beginning of the turn; empty if there were none.
        text: String,
        /// False while more may come.
        is_final: bool,
    },
    /// The engine has decided that the caller's turn is over (only from one with `turns: By::Engine`).
    TurnEnded,
    /// The engine has stopped its own answer because the caller spoke (only from one with `interruptions: By::Engine`).
    Interrupted {
        /// The answer.
        answer: AnswerId,
    },
    /// An answer begins. Nothing of it may come before this.
    AnswerStarted {
        /// Its number, larger than all before.
        answer: AnswerId,
        /// What it answers.
        cause: Cause,
    },
    /// Text of an answer, to be added to what came before.
    AnswerText {
        /// The answer.
        answer: AnswerId,
        /// The added text, with its own leading space if it needs one.
        text: String,
        /// Where in the answer's audio this text begins, if the engine knows.
        at_ms: Option<u64>,
    },
    /// So much audio of this answer has come in all. (Told by the driver, which counts it.)
    AnswerAudio {
        /// The answer.
        answer: AnswerId,
        /// The length of its audio so far.
        total_ms: u64,
    },
    /// No more text or audio of this answer will come.
    AnswerDone {
        /// The answer.
        answer: AnswerId,
    },
    /// The engine wants a tool to be used. The answer in which it says so goes on or ends by itself.
    ToolCall {
        /// The engine's id for it.
        id: ToolCallId,
        /// The tool.
        name: String,
        /// Its arguments, an object.
        arguments: serde_json::Value,
    },
    /// The engine no longer wants the result of a tool.
    ToolCancelled {
        /// The engine's id for it.
        id: ToolCallId,
    },
    /// What the engine owed will come from another in its place, which may do less or more than the one before. All answers of the
    /// one before have ended with what came of them; [`EngineEvent::Ready`] follows when the other may be spoken to.
    Replaced {
        /// Why.
        kind: FailureKind,
        /// What the other can do and what it leaves to the call.
        engine: Capabilities,
    },
    /// The session has failed and is of no more use.
    Failed {
        /// What kind of failure.
        kind: FailureKind,
        /// What happened and what would mend it, for the operator. Never the caller's words.
        message: String,
    },
}

/// Why an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The caller's turn.
    Turn(TurnId),
    /// A text that the call asked for.
    Say(SayId),
    /// The result of a tool, or a key.
    FollowUp,
    /// The engine's own decision.
    Own,
}

/// Failures of an engine, by what can be done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The key or token was refused.
    Unauthorized,
    /// No quota or credit left.
    Quota,
    /// Too many requests; later may succeed.
    RateLimited,
    /// A model, voice or option that the engine does not have.
    Unsupported,
    /// The engine refused the content.
    Policy,
    /// The network or the engine failed; again may succeed.
    Transient,
    /// The engine broke its own protocol.
    Protocol,
    /// The session reached its longest life.
    Expired,
}

/// What the playout counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayoutEvent {
    /// So much of this utterance has been heard. Told at least before each other input while something plays.
    Position {
        /// The utterance that is being heard.
        utterance: Utterance,
        /// How much of it.
        played: PlayedMs,
    },
    /// This utterance was complete and has been heard to its end.
    Finished {
        /// The utterance.
        utterance: Utterance,
        /// Its whole length.
        played: PlayedMs,
    },
    /// The playout holds its maximum and took no more of this answer.
    Full {
        /// The answer.
        answer: AnswerId,
    },
}

/// What happened to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegEvent {
    /// A stream carries the call (again).
    Attached,
    /// The stream is gone; the call may still come back within the grace. An ear that heard speech hears its end later.
    Detached,
    /// The caller or the PBX has hung up, or the grace is over.
    Ended,
}

/// What became of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferOutcome {
    /// The caller talks to whom they wanted, or the dialplan has taken the call.
    Answered,
    /// They are on the phone.
    Busy,
    /// Nobody picked up in time.
    NoAnswer,
    /// They were asked and do not want the call, or their phone rejected it.
    Refused,
    /// Their phone is not registered, or there is no such extension.
    Unavailable,
    /// The caller hung up meanwhile.
    CallerGone,
    /// Anything else.
    Failed {
        /// FreeSWITCH's name of the cause, or what went wrong.
        cause: String,
    },
}

/// A key of the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "char", into = "char")]
pub struct Digit(char);

impl Digit {
    /// Parses `0`-`9`, `*`, `#` or `A`-`D`.
    pub const fn new(key: char) -> Option<Self> {
        match key {
            '0'..='9' | '*' | '#' | 'A'..='D' => Some(Self(key)),
            _ => None,
        }
    }

    /// The key as a character.
    pub const fn key(self) -> char {
        self.0
    }
}

impl From<Digit> for char {
    fn from(digit: Digit) -> Self {
        digit.0
    }
}

impl TryFrom<char> for Digit {
    type Error = String;

    fn try_from(key: char) -> Result<Self, String> {
        Self::new(key).ok_or_else(|| format!("{key:?} is not a key of a phone: use 0-9, *, # or A-D"))
    }
}
