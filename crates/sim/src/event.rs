//! What happened in a simulated call, as the caller heard it.

use crate::line::Line;
use crate::module::{Mix, Module};
use crate::wire::{LatencyParts, Role};
use serde::Serialize;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Milliseconds since the call was accepted.
    pub at_ms: f64,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen in a call.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The server accepted the call.
    Connected(Facts),
    /// The caller begins to say something (`at_ms` is its first loud sample).
    CallerSpeaks {
        /// The words, or the file.
        text: String,
    },
    /// The caller has said it (`at_ms` is just after its last loud sample).
    CallerSpoke,
    /// The caller pressed a key.
    Digit {
        /// The key.
        digit: char,
    },
    /// The first audible sample of an utterance of the assistant.
    AssistantSpeaks {
        /// Its number, from 1.
        utterance: u32,
        /// From the end of the caller's speech to here, when this answers it.
        #[serde(skip_serializing_if = "Option::is_none")]
        response_ms: Option<f64>,
    },
    /// An utterance of the assistant has been heard to its end (`at_ms` is just after its last audible sample), or
    /// was cut off there.
    AssistantSpoke {
        /// Its number, from 1.
        utterance: u32,
        /// True when it was cleared.
        cut: bool,
    },
    /// The server holds the playing.
    Paused,
    /// The server lets it go on.
    Resumed,
    /// The server dropped what was to be played.
    Cleared {
        /// How much the caller's end had received and not yet played.
        dropped_ms: f64,
    },
    /// The caller spoke into the assistant's utterance, and this came of it.
    BargeIn(BargeIn),
    /// The audio of an utterance did not come in time; `at_ms` is where the hole begins.
    Underrun {
        /// How long nothing was there to be played.
        gap_ms: f64,
    },
    /// The server says what was said.
    Transcript(Spoken),
    /// The server says what a turn's latency is made of.
    Latency(LatencyParts),
    /// The audio before a mark has been played.
    Mark {
        /// The mark's name.
        name: String,
    },
    /// The server transfers the call.
    Transfer {
        /// Where to.
        destination: String,
        /// What is dialled for it, if the server told.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// What the number is on the PBX, as `ring_group`, if the server told.
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
    },
    /// The server hangs up.
    Hangup,
    /// The server closed the stream.
    Closed {
        /// The close code; 1006 without one.
        code: u16,
        /// The reason it gave.
        reason: String,
    },
    /// Something that the reader of the account should know.
    Note {
        /// What.
        text: String,
    },
}

/// One line of the conversation, as the server heard or said it.
#[derive(Debug, Clone, Serialize)]
pub struct Spoken {
    /// Who.
    pub role: Role,
    /// What.
    pub text: String,
    /// False while it may still change.
    #[serde(rename = "final")]
    pub is_final: bool,
}

/// What the call is made of.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    /// The stream.
    pub address: String,
    /// The build of the audio module.
    pub module: Module,
    /// The caller's line.
    pub line: Line,
    /// Which channels are sent.
    pub mix: Mix,
    /// Samples a second, as asked of the module.
    pub rate: u32,
    /// The secretary asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secretary: Option<String>,
}

/// An interruption as the caller heard it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BargeIn {
    /// The caller's first loud sample.
    pub onset_ms: f64,
    /// From there until the assistant was first silent, held or cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duck_ms: Option<f64>,
    /// From there until the assistant was silent for good; none when it went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_ms: Option<f64>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The script is done, the assistant has finished, and nobody said more.
    Completed,
    /// The server hung up.
    HungUp,
    /// The server transferred the call to this destination.
    Transferred(String),
    /// The server closed the stream with this code.
    Closed(u16),
    /// The longest time allowed was over.
    TimedOut,
    /// Whoever ran the call stopped it.
    Stopped,
}

/// A call in figures, all measured at the caller's end.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// From the end of the caller's speech to the first audible sample of the answer, for each turn answered.
    pub response_ms: Vec<f64>,
    /// From the onset of an interruption to the assistant's silence, for each that stopped it.
    pub barge_in_stop_ms: Vec<f64>,
    /// From the onset of an interruption to the first silence, for each that had one.
    pub duck_ms: Vec<f64>,
    /// How often the assistant was held and then went on.
    pub false_barge_ins: u32,
    /// How often the audio of an utterance did not come in time.
    pub underruns: u32,
    /// Binary messages from the server.
    pub frames_in: u64,
    /// Binary messages to the server.
    pub frames_out: u64,
    /// The assistant's utterances that were heard.
    pub utterances: u32,
    /// How long the call was.
    pub duration_ms: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// What was said, as the server understood and spoke it.
    pub transcript: Vec<Spoken>,
}
