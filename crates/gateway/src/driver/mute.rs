//! A stream that stands and brings nothing of the caller's: seen of sptmru 5f179d6 where the script had begun its stream again.

use super::Driver;
use crate::calls::ModuleBuild;
use crate::leg::Closing;
use crate::leg::inbound::Format;
use audio::Layout;
use std::time::{Duration, Instant};

/// So many streams in a row may bring nothing. Then another would not either, and the caller is better off with the fallback.
const MOST_MUTE: u32 = 2;

/// What is known of the audio of a call's streams.
pub(super) struct Mute {
    /// How long none may come; none for ever.
    limit: Option<Duration>,
    since: Instant,
    /// Streams that were given up since some came.
    given_up: u32,
}

impl Mute {
    pub(super) fn new(limit: Option<Duration>, now: Instant) -> Self {
        Self {
            limit,
            since: now,
            given_up: 0,
        }
    }

    /// Audio has come.
    pub(super) fn ends(&mut self, now: Instant) {
        self.since = now;
        self.given_up = 0;
    }

    /// From now on it is awaited.
    pub(super) fn is_awaited(&mut self, now: Instant) {
        self.since = now;
    }

    /// Whether it was awaited in vain.
    fn is_overdue(&self, now: Instant) -> bool {
        self.limit
            .is_some_and(|limit| now.duration_since(self.since) >= limit)
    }
}

/// Whether audio comes whatever the caller and FreeSWITCH do. Measured of both open modules on 1.10.12: a mono stream brings silence too,
/// also while a file is played; `mixed` and `stereo` may bring nothing while nothing is played. Of others it is not known.
fn always_flows(format: Format, build: ModuleBuild) -> bool {
    format.layout == Layout::Mono && matches!(build, ModuleBuild::Amigniter | ModuleBuild::Sptmru)
}

impl Driver {
    /// Gives a stream up that ought to bring audio and has not for too long.
    pub(super) fn give_up_if_mute(&mut self, now: Instant) {
        let (format, build) = self.hearing.stream();
        // While the caller hears somebody else, or music, nothing is awaited.
        if !self.listening || !always_flows(format, build) || !self.mute.is_overdue(now) {
            return;
        }
        let Some(leg) = &mut self.leg else { return };
        self.mute.given_up += 1;
        self.services.metrics.mute_stream();
        tracing::warn!(call = %self.id, ?build, times = self.mute.given_up, "no audio comes on a stream that stands: it counts as lost");
        if self.mute.given_up < MOST_MUTE {
            // The module, or the script, connects again.
            leg.abandon();
            return self.closed(Closing::Lost, now);
        }
        self.line_lost(now);
        self.part();
    }
}
