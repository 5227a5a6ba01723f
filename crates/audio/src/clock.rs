//! The clock of a leg: what of the released samples the caller has heard.

use crate::SampleRate;
use std::time::{Duration, Instant};

/// Counts released samples, and advances through them: from the instant at which the first was released into silence, or, where the
/// other end tells when it begins to play, through what it has told of.
#[derive(Debug)]
pub(crate) struct Clock {
    rate: SampleRate,
    /// All samples ever released and not called back.
    released: u64,
    state: State,
    begun: Begun,
}

/// What of the released samples the other end has begun to play.
#[derive(Debug, Clone, Copy)]
enum Begun {
    /// All of it: nobody tells otherwise.
    All,
    /// So many since the beginning, as it tells.
    Told(u64),
}

/// The other end begins a piece later than the one before it ended: the caller hears a hole. Sooner than this it is the way of the
/// telling that takes so long (up to 20 ms by FreeSWITCH 1.10.12's event socket, measured).
const HOLE: Duration = Duration::from_millis(40);

#[derive(Debug, Clone, Copy)]
enum State {
    /// All that was released has been heard.
    Dry,
    /// The sample of this number began to play at that instant.
    Running { start: Instant, first: u64 },
    /// So many samples have been heard; the other end holds the rest.
    Held { heard: u64 },
}

impl Clock {
    pub(crate) fn stopped(rate: SampleRate) -> Self {
        Self {
            rate,
            released: 0,
            state: State::Dry,
            begun: Begun::All,
        }
    }

    /// One that runs only through what [`Clock::begins`] tells of.
    pub(crate) fn told(rate: SampleRate) -> Self {
        Self {
            begun: Begun::Told(0),
            ..Self::stopped(rate)
        }
    }

    /// Samples released since the beginning.
    pub(crate) fn released(&self) -> u64 {
        self.released
    }

    /// Samples heard since the beginning: never more than were released.
    pub(crate) fn heard(&self, now: Instant) -> u64 {
        match self.state {
            State::Dry => self.released,
            State::Held { heard } => heard,
            State::Running { start, first } => {
                let passed = self.rate.samples_in(now.saturating_duration_since(start));
                self.begun().min(first + passed)
            }
        }
    }

    /// Samples released and not yet heard.
    pub(crate) fn ahead(&self, now: Instant) -> u64 {
        self.released - self.heard(now)
    }

    /// The first instant at which so many samples have been heard, if the clock runs.
    pub(crate) fn hears(&self, samples: u64) -> Option<Instant> {
        let State::Running { start, first } = self.state else {
            return None;
        };
        if samples > self.begun() {
            return None;
        }
        let passed = u128::from(samples.saturating_sub(first)) * 1_000_000_000;
        // Rounded up, or a caller who comes at that instant would find one sample missing.
        let nanos = passed.div_ceil(u128::from(self.rate.hz()));
        Some(start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    /// Counts released samples; they follow what is still playing, or start the clock.
    pub(crate) fn release(&mut self, now: Instant, samples: u64) {
        if matches!(self.state, State::Dry) {
            self.state = match self.begun {
                Begun::All => State::Running {
                    start: now,
                    first: self.released,
                },
                Begun::Told(_) => State::Held { heard: self.released },
            };
        }
        self.released += samples;
    }

    /// The other end begins to play the next `samples` of what was released: what came before has been heard. True if there was a
    /// hole before them.
    pub(crate) fn begins(&mut self, now: Instant, samples: u64) -> bool {
        let Begun::Told(before) = self.begun else {
            return false;
        };
        let hole = self.hears(before).is_some_and(|end| now > end + HOLE);
        self.begun = Begun::Told(self.released.min(before + samples));
        self.state = State::Running {
            start: now,
            first: before,
        };
        hole
    }

    /// Stops at the sample that is heard now.
    pub(crate) fn hold(&mut self, now: Instant) {
        if matches!(self.state, State::Running { .. }) {
            self.state = State::Held {
                heard: self.heard(now),
            };
        }
    }

    /// Goes on from the sample at which it was held.
    pub(crate) fn go_on(&mut self, now: Instant) {
        if let State::Held { heard } = self.state {
            self.state = State::Running {
                start: now,
                first: heard,
            };
        }
    }

    /// Calls back what was released and not heard. Returns how many samples that was.
    pub(crate) fn call_back(&mut self, now: Instant) -> u64 {
        let ahead = self.ahead(now);
        self.released -= ahead;
        self.state = State::Dry;
        if let Begun::Told(begun) = &mut self.begun {
            *begun = self.released;
        }
        ahead
    }

    /// Stops when the last released sample ended before `now`. True if it did so.
    pub(crate) fn stop_if_dry(&mut self, now: Instant) -> bool {
        if self.hears(self.released).is_none_or(|end| now <= end) {
            return false;
        }
        self.state = State::Dry;
        true
    }

    /// Samples that may have been heard by now.
    fn begun(&self) -> u64 {
        match self.begun {
            Begun::All => self.released,
            Begun::Told(begun) => begun,
        }
    }
}
