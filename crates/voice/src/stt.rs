//! Speech to text.
//!
//! [`WorkerPool`] is the [`Transcriber`] of the server: Whisper in processes of its own ([`worker`]), so that a crash of
//! the native library costs one retry and never a call. What they say to each other is in [`frame`]. [`TranscriptionService`] asks a
//! provider instead, and [`LiveService`] one that listens while the caller speaks.

mod command;
pub mod frame;
mod live;
mod pool;
mod process;
mod service;
mod text;
mod whisper;
pub mod worker;

pub use command::WorkerCommand;
pub use live::{Listener, LiveConfig, LiveService, LiveTranscriber, LiveVendor};
pub use pool::{PoolSettings, PoolState, WorkerPool};
pub use service::{TranscriptionConfig, TranscriptionService, Vendor};
pub use whisper::{LoadError, Whisper};

use crate::service::Failure;
use futures_util::future::BoxFuture;
use secretary::Language;
use std::sync::Arc;

/// Finds the words in a piece of speech.
pub trait Transcriber: Send + Sync {
    /// The words of mono 16 kHz `samples`, without annotations; empty if there are none. `hint` is a text with words that the
    /// caller is likely to use, empty for none; a recogniser may cut it or leave it alone. Dropping the future gives up the
    /// place in the queue.
    fn transcribe(
        &self,
        samples: Arc<[i16]>,
        language: Language,
        hint: &Arc<str>,
    ) -> BoxFuture<'_, Result<String, SttError>>;

    /// Whether a provider charges for the sound, by its length.
    fn is_charged(&self) -> bool {
        false
    }
}

/// Why there are no words.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SttError {
    /// Nothing is installed that could do it.
    #[error("no speech-to-text model is installed; `voice-ai models install whisper-base` installs one")]
    NoModel,
    /// More waits than the queue holds.
    #[error(
        "speech to text is {waiting} utterances behind; raise stt.workers or lower the calls of this node"
    )]
    Busy {
        /// How many wait.
        waiting: usize,
    },
    /// The worker died twice over the same utterance, or cannot be started.
    #[error("the speech-to-text worker failed: {0}")]
    Worker(String),
    /// A provider's service failed, or refused.
    #[error(transparent)]
    Service(#[from] Failure),
}
