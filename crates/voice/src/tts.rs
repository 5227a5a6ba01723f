//! Text to speech.

mod convert;
mod espeak;
mod piper;
mod prompts;
mod service;
mod stand_in;
mod wav;

pub use espeak::{Espeak, EspeakConfig};
pub use piper::{Piper, PiperError};
pub use prompts::{Prompt, Prompts};
pub use service::{SpeechConfig, SpeechService, Vendor};
pub use stand_in::StandIn;

use crate::service::Failure;
use audio::SampleRate;
use call::FailureKind;
use futures_util::future::BoxFuture;
use secretary::Language;
use tokio::sync::mpsc;

/// Speaks texts.
pub trait Synthesizer: Send + Sync {
    /// The rate of its audio.
    fn rate(&self) -> SampleRate;

    /// Speaks a text: pieces of mono audio at [`Synthesizer::rate`] go to `out` as they are made. Ends early, without
    /// an error, when the receiver is dropped. Dropping the future stops the work.
    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>>;
}

/// In whose voice a text was spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// In the one that was asked for.
    AsAsked,
    /// In that of [`StandIn`], because the other failed: good for now, and nothing to keep.
    ByAnother,
}

/// What is to be spoken.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Speech {
    /// The words.
    pub text: String,
    /// Their language.
    pub language: Language,
    /// The voice's name; empty for the default of the language.
    pub voice: String,
}

/// Why there is no speech.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TtsError {
    /// The program is not there.
    #[error("{program} cannot be started: {reason}; `apt-get install espeak-ng` installs it")]
    Program {
        /// The program.
        program: String,
        /// What the system says.
        reason: String,
    },
    /// No voice of that name.
    #[error("there is no voice {name:?}: {remedy}")]
    Voice {
        /// The name as given.
        name: String,
        /// What would be right.
        remedy: &'static str,
    },
    /// It ran and failed.
    #[error("text to speech failed: {0}")]
    Failed(String),
    /// A provider's service failed, or refused.
    #[error(transparent)]
    Service(#[from] Failure),
    /// Two synthesizers that cannot stand in for each other.
    #[error("a voice of {wanted} Hz cannot be stood in for by one of {other} Hz: use voices of one rate")]
    Rates {
        /// The rate of the voice, in Hz.
        wanted: u32,
        /// The rate of the other, in Hz.
        other: u32,
    },
}

impl TtsError {
    /// What can be done about it.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Program { .. } | Self::Voice { .. } | Self::Rates { .. } => FailureKind::Unsupported,
            Self::Failed(_) => FailureKind::Transient,
            Self::Service(failure) => failure.kind,
        }
    }
}
