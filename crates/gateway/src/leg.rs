//! The line of one call as the gateway sees it: a stream that brings the caller's audio and takes ours.
//!
//! Each way of audio is a type of its own, and [`Leg`] is one of them.

pub(crate) mod control;
pub(crate) mod inbound;
pub(crate) mod metadata;
pub(crate) mod raw;
pub(crate) mod unicast;

use crate::config::StreamConfig;
use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use control::Control;
use raw::RawLeg;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use unicast::UnicastLeg;

/// A stream that carries a call. Nothing that it is told makes it wait.
pub(crate) enum Leg {
    /// A WebSocket whose other end plays binary frames.
    Raw(RawLeg),
    /// Datagrams of FreeSWITCH's core.
    Unicast(UnicastLeg),
}

impl Leg {
    /// Its name in logs.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Raw(_) => "raw",
            Self::Unicast(_) => "unicast",
        }
    }

    /// How far ahead of what the caller hears it is sent audio.
    pub(crate) fn lead(&self, stream: &StreamConfig) -> Duration {
        match self {
            Self::Raw(_) => stream.lead(),
            Self::Unicast(leg) => leg.lead(),
        }
    }

    /// The caller was away, and is back.
    pub(crate) fn open_again(&mut self) {
        match self {
            // A module streams on, whatever the channel does.
            Self::Raw(_) => {}
            Self::Unicast(leg) => leg.open_again(),
        }
    }

    /// Whether the call may come back on another one when this one is lost.
    pub(crate) const fn may_come_back(&self) -> bool {
        match self {
            Self::Raw(_) => true,
            // A channel that FreeSWITCH has parked has but this one way.
            Self::Unicast(_) => false,
        }
    }

    /// The next thing that comes; sends on what is buffered meanwhile.
    pub(crate) fn poll_incoming(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Incoming> {
        match self {
            Self::Raw(leg) => leg.poll_incoming(cx, now),
            Self::Unicast(leg) => leg.poll_incoming(cx, now),
        }
    }

    /// What has already come, without waiting.
    pub(crate) fn already_here(&mut self, now: Instant) -> Option<Incoming> {
        match self {
            Self::Raw(leg) => leg.already_here(now),
            Self::Unicast(leg) => leg.already_here(now),
        }
    }

    /// Sends a frame of audio.
    pub(crate) fn audio(&mut self, samples: &[i16]) {
        match self {
            Self::Raw(leg) => leg.audio(samples),
            Self::Unicast(leg) => leg.audio(samples),
        }
    }

    /// Tells it something besides audio.
    pub(crate) fn control(&mut self, control: &Control<'_>) {
        match self {
            Self::Raw(leg) => leg.control(control),
            Self::Unicast(leg) => leg.control(control),
        }
    }

    /// Asks whether the other end is there.
    pub(crate) fn ping(&mut self) {
        match self {
            Self::Raw(leg) => leg.ping(),
            // It lives while datagrams come.
            Self::Unicast(_) => {}
        }
    }

    /// Messages that the other end was too slow to take.
    pub(crate) fn refused(&self) -> u64 {
        match self {
            Self::Raw(leg) => leg.refused(),
            Self::Unicast(leg) => leg.refused(),
        }
    }

    /// Says good-bye. The other end's answer comes as [`Incoming::Closed`].
    pub(crate) fn close(&mut self) {
        match self {
            Self::Raw(leg) => leg.close(),
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
