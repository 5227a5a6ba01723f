//! Words that are found while they are spoken: the caller's sound goes to a provider as it comes, and when the turn is over only its
//! last words are waited for.
//!
//! A turn's sound is sent, nothing between turns. How a provider is spoken to is one file with a [`wire::Wire`] (`deepgram`, `scribe`),
//! without a socket; `link` owns the connection, one task a call, and opens it again with the next turn when it was lost.

mod deepgram;
mod link;
mod order;
mod scribe;
mod wire;

pub use order::{LiveConfig, LiveService, LiveVendor};

use super::SttError;
use futures_util::future::BoxFuture;
use secretary::Language;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Finds the words of a call while they are spoken.
pub trait LiveTranscriber: Send + Sync {
    /// Begins to listen to a call. `hint` is a text with words that the caller is likely to use. Connects ahead of the first turn.
    fn listen(&self, language: Language, hint: &Arc<str>) -> Box<dyn Listener>;
}

/// One call's listener. It never waits, and what it started ends with it.
pub trait Listener: Send {
    /// A turn begins: what was heard before is no part of it.
    fn begin(&mut self);

    /// Takes the next samples of the turn, mono at 16 kHz.
    fn hear(&mut self, samples: &[i16]);

    /// The words of the turn up to now, within the time limit of the configuration. The turn may go on: then its words are asked for
    /// again.
    fn words(&mut self) -> BoxFuture<'static, Result<String, SttError>>;

    /// What the turn sounds like so far, from its beginning; it may change, so nothing may be begun with it that cannot be taken back.
    fn poll_partial(&mut self, cx: &mut Context<'_>) -> Poll<String>;

    /// Whether a provider charges for the sound, by its length.
    fn is_charged(&self) -> bool {
        false
    }
}
