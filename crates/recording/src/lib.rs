//! What a call leaves as files: its sound (a stereo WAV, left the caller, right the secretary as heard) and its event log, from which
//! it can be fed into the state machine again.
//!
//! - A [`Recorder`] is a node's one writer of such files. Calls hand it what they have and go on: its queue is bounded, and what does
//!   not fit is lost, counted and marked.
//! - [`Tracks`] puts both voices on one timeline; it knows no file.
//! - A [`Scribe`] writes the lines of an event log, masked by a [`Mask`]; [`Log`] reads them, and [`replay`] feeds them to a fresh
//!   [`call::Call`]. None of them knows a file either.
#![forbid(unsafe_code)]

mod disk;
mod event_log;
mod file;
mod log;
mod mask;
mod opus;
mod place;
mod recorder;
mod repair;
mod replay;
mod scribe;
mod sound;
mod state;
mod tracks;
mod writer;

pub use event_log::EventLog;
pub use log::{Build, End, FORMAT, Header, Line, Log, LogError, Masked, Numbered, Speaker, Tail, What};
pub use mask::Mask;
pub use place::{Place, every_form};
pub use recorder::{Options, Recorder, Subject};
pub use repair::{Mended, Repaired, repair};
pub use replay::{Parted, Replay, Told, Verdict, replay};
pub use scribe::Scribe;
pub use sound::Sound;
pub use state::{State, Written};
pub use tracks::Tracks;
