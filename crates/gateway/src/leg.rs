//! The line of one call as the gateway sees it: a stream that brings the caller's audio and takes ours.
//!
//! Each way of audio is a type of its own. [`raw::RawLeg`] is the first: a WebSocket whose other end plays binary frames.

pub(crate) mod inbound;
pub(crate) mod metadata;
pub(crate) mod raw;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;

/// What a leg brings.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Bytes of the caller's audio.
    Audio(Bytes),
    /// A text frame.
    Text(Utf8Bytes),
    /// A control frame: the other end answers.
    Alive,
    /// The stream is gone.
    Closed(Closing),
}

/// How a stream went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The other end said good-bye with 1000, as both builds of mod_audio_stream do at hang-up and at `stop`.
    Normal,
    /// Anything else: the call may come back on another stream.
    Lost,
}
