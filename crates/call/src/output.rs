//! What a call wants done.

use crate::{AnswerId, Digit, PlayedMs, PromptId, SayId, ToolCallId, TurnId, Utterance};
use serde::{Deserialize, Serialize};

/// One thing to do, in the order in which they are polled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// For the engine.
    Engine(EngineCommand),
    /// What the engine owes has not come in time: another is to take its place. Answer with [`crate::EngineEvent::Replaced`], or
    /// [`crate::EngineEvent::Failed`] where there is none.
    ReplaceEngine,
    /// For the line and its playout.
    Leg(LegCommand),
    /// Ask the end-of-turn model whether the caller has finished; answer with [`crate::Input::TurnJudged`]: each once, in their
    /// order, as not complete where it cannot be judged. (One left out makes the later ones of the same turn count for
    /// nothing, as they may be of an earlier pause: the turn then ends by its silence.)
    JudgeTurn {
        /// The turn.
        turn: TurnId,
    },
    /// Play a text rendered by the gateway itself, because the engine cannot say it (or is gone). If it cannot be rendered,
    /// report it [`crate::PlayoutEvent::Finished`] at 0.
    PlayPrompt {
        /// Its number.
        prompt: PromptId,
        /// The words.
        text: String,
    },
    /// Use a tool; answer with [`crate::Input::ToolDone`]. For `transfer_call`, `transfer_announced` and `voicemail` that is to find
    /// out whom the caller means and whether that is possible now: the call itself hands over, once the last words were heard.
    Tool(ToolRequest),
    /// Write down what happened.
    Record(Record),
}

/// Commands for an engine. None waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineCommand {
    /// The caller began to speak: audio from a little before now belongs to this turn. Again with the same turn when the
    /// caller goes on after a pause.
    TurnStarted {
        /// The turn.
        turn: TurnId,
    },
    /// The caller paused: find the words of the turn so far (its answer may be wanted at once), and report them as
    /// [`crate::EngineEvent::Heard`] with `is_final`. A later `TurnStarted` of the turn calls it off: what was found so far
    /// is not all any more. An engine that ends turns by itself need do nothing.
    Transcribe {
        /// The turn.
        turn: TurnId,
    },
    /// The turn is over: answer it, with what was said in turns before it whose answers were never heard.
    Respond {
        /// The turn.
        turn: TurnId,
    },
    /// That was no turn (a cough, an "uhum"), or no answer to it is wanted any more: forget it.
    Discard {
        /// The turn.
        turn: TurnId,
    },
    /// Say this word for word (only to an engine with `verbatim`).
    Say {
        /// Its number.
        say: SayId,
        /// The words.
        text: String,
    },
    /// Stop this answer and forget what of it was not heard.
    Interrupt {
        /// The answer.
        answer: AnswerId,
        /// How much of it the caller has heard.
        heard: PlayedMs,
        /// The words that were heard.
        text: String,
    },
    /// What became of a tool.
    ToolResult {
        /// The engine's id.
        id: ToolCallId,
        /// True if it did what was asked.
        ok: bool,
        /// What came of it, JSON or plain text.
        result: String,
    },
    /// A key was pressed.
    Dtmf {
        /// The key.
        digit: Digit,
    },
    /// The caller has been silent for long; the call itself says the reprompt. (A script may count it.)
    NoInput,
}

/// Commands for the line and its playout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegCommand {
    /// Hold the playout at the sample that the caller hears now, what has been sent ahead included.
    Pause,
    /// Go on from that sample.
    Resume,
    /// Drop all that was not heard yet (what is queued, and what has been sent ahead), all late audio of answers up to `through`, and prompts asked for before and not yet
    /// rendered. Ends a [`LegCommand::Pause`].
    Clear {
        /// The last answer that is void.
        through: AnswerId,
        /// Why.
        reason: ClearReason,
    },
    /// Tell whoever listens on the leg what was said.
    Transcript {
        /// Who said it.
        role: Role,
        /// The words; of the assistant, those that were heard.
        text: String,
        /// False while more may come.
        is_final: bool,
    },
    /// Hand the call to somebody. The leg ends when the PBX has done so.
    Transfer {
        /// The destination's name, as [`crate::Input::ToolDone`] told it, or the settings' fallback.
        destination: String,
        /// What they are told before they say whether they take the call; none, and they are simply put through.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        announcement: Option<String>,
    },
    /// Let the caller leave a message in somebody's mailbox on the PBX. It ends as [`LegCommand::Transfer`] does.
    Voicemail {
        /// Whose, as in [`LegCommand::Transfer`].
        destination: String,
    },
    /// Let the caller wait with music; nothing that they say is heard ([`crate::Call::is_listening`]).
    Hold,
    /// End that.
    Unhold,
    /// End the call.
    HangUp,
}

/// Why the playout was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClearReason {
    /// The caller interrupted.
    BargeIn,
    /// A key was pressed.
    Key,
    /// The engine stopped or failed.
    Engine,
    /// The answer was longer than the playout holds.
    Overflow,
    /// The stream is gone.
    Detached,
    /// The call is over.
    End,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The caller.
    User,
    /// The secretary.
    Assistant,
}

/// A tool to be used outside the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolRequest {
    /// The engine's id.
    pub id: ToolCallId,
    /// The tool.
    pub name: String,
    /// Its arguments, an object.
    pub arguments: serde_json::Value,
}

/// What is worth keeping of a call. Instants are the driver's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The caller's turn is over.
    UserTurn {
        /// The turn.
        turn: TurnId,
    },
    /// The first audio of an answer to a turn is there, so long after the caller's last sound.
    Answered {
        /// The turn.
        turn: TurnId,
        /// From the ear's end of speech to the answer's first audio, in milliseconds.
        response_ms: u64,
    },
    /// What was heard of an utterance.
    Heard {
        /// The utterance.
        utterance: Utterance,
        /// How much.
        played: PlayedMs,
        /// True if it was cut short.
        cut: bool,
        /// The words heard.
        text: String,
    },
    /// The caller interrupted.
    BargeIn {
        /// From the onset of speech to the decision, in milliseconds.
        after_ms: u64,
    },
    /// The caller made a sound or a backchannel, and the answer went on.
    FalseBargeIn,
    /// The engine failed.
    EngineFailed {
        /// What kind.
        kind: crate::FailureKind,
    },
    /// The engine failed, and another took its place.
    EngineReplaced {
        /// What kind of failure it was.
        kind: crate::FailureKind,
    },
    /// What became of a transfer, where the PBX tells.
    TransferEnded {
        /// The destination's name.
        destination: String,
        /// What.
        outcome: crate::TransferOutcome,
    },
    /// A tool did not answer in time.
    ToolTimedOut {
        /// The tool.
        name: String,
    },
    /// The call is over. Nothing comes after this.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The caller hung up.
    CallerHungUp,
    /// The secretary said good-bye.
    Completed,
    /// The call was handed over.
    Transferred,
    /// The caller said nothing.
    NoInput,
    /// The longest duration was reached.
    TimeLimit,
    /// The engine failed and there was nobody to hand the call to.
    EngineFailed,
    /// The stream was lost and did not come back.
    StreamLost,
    /// Ended from outside.
    Stopped,
}
