//! The line of one call as the gateway sees it: a stream that brings the caller's audio and takes ours.
//!
//! Each way of audio is a type of its own, and [`Leg`] is one of them.

mod alive;
pub(crate) mod control;
pub(crate) mod file;
pub(crate) mod inbound;
pub(crate) mod metadata;
pub(crate) mod raw;
mod socket;
pub(crate) mod unicast;

use crate::config::StreamConfig;
use audio::{Playout, SampleRate};
use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use control::Control;
use file::{ByFiles, FileLeg};
use futures_util::FutureExt;
use raw::RawLeg;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Instant;
use unicast::UnicastLeg;

/// A stream that carries a call. Nothing that it is told makes it wait.
pub(crate) enum Leg {
    /// A WebSocket whose other end plays binary frames.
    Raw(RawLeg),
    /// A WebSocket whose other end writes files, which FreeSWITCH plays.
    File(Box<FileLeg>),
    /// Datagrams of FreeSWITCH's core.
    Unicast(UnicastLeg),
}

impl Leg {
    /// Its name in logs.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Raw(_) => "raw",
            Self::File(_) => "file",
            Self::Unicast(_) => "unicast",
        }
    }

    /// The stream as it is to be played: as files, where that was chosen.
    pub(crate) fn played(self, by_files: Option<&ByFiles>) -> Self {
        match (self, by_files) {
            (Self::Raw(stream), Some(by_files)) => Self::File(Box::new(FileLeg::new(stream, by_files))),
            (leg, _) => leg,
        }
    }

    /// What is said on its way to it: `rate` is the stream's.
    pub(crate) fn playout<Id: Copy + Eq + std::fmt::Debug>(
        &self,
        rate: SampleRate,
        by_files: Option<&ByFiles>,
        stream: &StreamConfig,
    ) -> Playout<Id> {
        match (self, by_files) {
            (Self::Unicast(leg), _) => Playout::new(rate, leg.lead(), stream.hold()),
            (Self::Raw(_) | Self::File(_), Some(by_files)) => by_files.playout(stream.hold()),
            (Self::Raw(_) | Self::File(_), None) => Playout::new(rate, stream.lead(), stream.hold()),
        }
    }

    /// The caller was away, and is back.
    pub(crate) fn open_again(&mut self) {
        match self {
            // A module streams on, whatever the channel does.
            Self::Raw(_) | Self::File(_) => {}
            Self::Unicast(leg) => leg.open_again(),
        }
    }

    /// The caller is to hear somebody else, or music, until [`Self::open_again`].
    pub(crate) fn step_aside(&mut self) {
        match self {
            Self::Raw(_) | Self::File(_) => {}
            Self::Unicast(leg) => leg.step_aside(),
        }
    }

    /// Whether audio that it is given goes anywhere. Else it is to be kept: what is said is to be heard.
    pub(crate) const fn takes_audio(&self) -> bool {
        match self {
            Self::Raw(_) | Self::File(_) => true,
            Self::Unicast(leg) => leg.takes_audio(),
        }
    }

    /// No audio comes any more: the other end is asked for it again, unless it is asked already.
    pub(crate) fn ask_again(&mut self) {
        match self {
            Self::Raw(_) | Self::File(_) => {}
            Self::Unicast(leg) => leg.ask_again(),
        }
    }

    /// Whether the call may come back on another one when this one is lost.
    pub(crate) const fn may_come_back(&self) -> bool {
        match self {
            Self::Raw(_) | Self::File(_) => true,
            // A channel that FreeSWITCH has parked has but this one way.
            Self::Unicast(_) => false,
        }
    }

    /// The next thing that comes; sends on what is buffered meanwhile.
    pub(crate) fn poll_incoming(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Incoming> {
        match self {
            Self::Raw(leg) => leg.poll_incoming(cx, now),
            Self::File(leg) => leg.poll_incoming(cx, now),
            Self::Unicast(leg) => leg.poll_incoming(cx, now),
        }
    }

    /// What has already come, without waiting.
    pub(crate) fn already_here(&mut self, now: Instant) -> Option<Incoming> {
        poll_fn(|cx| self.poll_incoming(cx, now)).now_or_never()
    }

    /// Sends a frame of audio.
    pub(crate) fn audio(&mut self, samples: &[i16]) {
        match self {
            Self::Raw(leg) => leg.audio(samples),
            Self::File(leg) => leg.audio(samples),
            Self::Unicast(leg) => leg.audio(samples),
        }
    }

    /// Tells it something besides audio.
    pub(crate) fn control(&mut self, control: &Control<'_>) {
        match self {
            Self::Raw(leg) => leg.control(control),
            Self::File(leg) => leg.control(control),
            Self::Unicast(leg) => leg.control(control),
        }
    }

    /// Asks whether the other end is there.
    pub(crate) fn ping(&mut self) {
        match self {
            Self::Raw(leg) => leg.ping(),
            Self::File(leg) => leg.ping(),
            // It lives while datagrams come.
            Self::Unicast(_) => {}
        }
    }

    /// Says that we are there, when that is due, and whether we control FreeSWITCH.
    pub(crate) fn vouch(&mut self, control: bool, now: Instant) {
        match self {
            Self::Raw(leg) => leg.vouch(control, now),
            Self::File(leg) => leg.vouch(now),
            // No script keeps its call.
            Self::Unicast(_) => {}
        }
    }

    /// Messages that the other end was too slow to take.
    pub(crate) fn refused(&self) -> u64 {
        match self {
            Self::Raw(leg) => leg.refused(),
            Self::File(leg) => leg.refused(),
            Self::Unicast(leg) => leg.refused(),
        }
    }

    /// It is given up before it has ended, and dropped after this: what it was given is not to be heard any more.
    pub(crate) fn abandon(&mut self) {
        match self {
            Self::Raw(_) | Self::Unicast(_) => {}
            Self::File(leg) => leg.abandon(),
        }
    }

    /// Says good-bye. The other end's answer comes as [`Incoming::Closed`].
    pub(crate) fn close(&mut self) {
        match self {
            Self::Raw(leg) => leg.close(),
            Self::File(leg) => leg.close(),
            Self::Unicast(leg) => leg.close(),
        }
    }
}

/// What a leg brings.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Bytes of the caller's audio.
    Audio(Bytes),
    /// A text frame.
    Text(Utf8Bytes),
    /// A control frame: the other end answers.
    Alive,
    /// The caller begins to hear the next so many samples of what was sent.
    Begins {
        /// How many.
        samples: usize,
    },
    /// What was sent and not heard will not be.
    Dropped,
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
    /// Somebody else has taken the caller.
    HandedOver,
}
