//! What the caller hears of us, laid beside what comes in from him.

use super::track::Track;
use crate::SampleRate;
use std::time::{Duration, Instant};

/// No sample louder than this (-60 dB of full scale): nothing of it comes back audibly.
pub(super) const INAUDIBLE: u16 = 32;

/// Played samples by the number of the captured sample that is taken in the moment in which they are heard. Within a run of
/// playing they are counted, not timed, so that the way back is equally long for all of them.
#[derive(Debug)]
pub(super) struct Reference {
    track: Track,
    clock: CaptureClock,
    /// Taken back while the other end holds it.
    held: Vec<i16>,
    /// The number after the last audible sample.
    last_sound: i64,
}

impl Reference {
    pub(super) fn new(rate: SampleRate, capacity: usize) -> Self {
        Self {
            track: Track::new(capacity),
            clock: CaptureClock::new(rate),
            held: Vec::new(),
            last_sound: i64::MIN / 2,
        }
    }

    /// So many samples have been captured.
    pub(super) fn captured(&mut self, samples: i64, now: Instant) {
        self.clock.arrived(samples, now);
    }

    /// Samples were released behind `unheard` others.
    pub(super) fn released(&mut self, samples: &[i16], unheard: u64, now: Instant) {
        if unheard == 0 {
            self.begin_run(now);
        }
        self.track.push(samples);
        if let Some(last) = samples.iter().rposition(|s| s.unsigned_abs() > INAUDIBLE) {
            self.last_sound = self.track.end() - (samples.len() - 1 - last) as i64;
        }
    }

    /// The other end keeps the last `unheard` samples.
    pub(super) fn hold(&mut self, unheard: u64) {
        self.held.clear();
        let from = self.track.end() - unheard as i64;
        self.track.take_back(from, &mut self.held);
        self.last_sound = self.last_sound.min(self.track.end());
    }

    /// It goes on with them.
    pub(super) fn go_on(&mut self, now: Instant) {
        let held = std::mem::take(&mut self.held);
        self.released(&held, 0, now);
        self.held = held;
        self.held.clear();
    }

    /// It dropped them.
    pub(super) fn call_back(&mut self, unheard: u64) {
        self.hold(unheard);
        self.held.clear();
    }

    /// The number after the last audible sample.
    pub(super) fn last_sound(&self) -> i64 {
        self.last_sound
    }

    pub(super) fn read(&self, from: i64, into: &mut [f32]) {
        self.track.read(from, into);
    }

    fn begin_run(&mut self, now: Instant) {
        self.track.silent_to(self.clock.position(now));
    }
}

/// Which sample is captured at an instant, without the jitter of the network: a frame can be late, never early, so the earliest
/// counts.
#[derive(Debug)]
struct CaptureClock {
    rate: SampleRate,
    epoch: Option<Instant>,
    /// Captured samples less those that the time since the epoch holds.
    offset: i64,
    /// What has come since, while everything comes late.
    late: Option<(Instant, i64)>,
    count: i64,
}

/// Longer than any jitter: after so long the stream has been standing still.
const STANDSTILL: Duration = Duration::from_millis(500);
/// Later than this is more than the jitter of a chunk.
const LATE: Duration = Duration::from_millis(100);

impl CaptureClock {
    fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            epoch: None,
            offset: 0,
            late: None,
            count: 0,
        }
    }

    fn arrived(&mut self, count: i64, now: Instant) {
        self.count = count;
        let epoch = *self.epoch.get_or_insert(now);
        let offset = count - self.rate.samples_in(now.saturating_duration_since(epoch)) as i64;
        if offset + self.rate.samples_in(LATE) as i64 >= self.offset {
            self.offset = self.offset.max(offset);
            self.late = None;
            return;
        }
        let (since, best) = self.late.get_or_insert((now, offset));
        *best = offset.max(*best);
        if now.saturating_duration_since(*since) >= STANDSTILL {
            self.offset = *best;
            self.late = None;
        }
    }

    fn position(&self, now: Instant) -> i64 {
        let Some(epoch) = self.epoch else {
            return self.count;
        };
        let position = self.offset + self.rate.samples_in(now.saturating_duration_since(epoch)) as i64;
        // A stream that sends nothing while nothing is played captures nothing either.
        position.min(self.count + self.rate.samples_in(LATE) as i64)
    }
}
