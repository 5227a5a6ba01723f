//! The caller's sound that an engine which takes over has to hear: the turn that is being spoken, with a little before it.

use crate::engine::Session;
use audio::{Resampler, SampleRate};
use std::collections::VecDeque;
use std::time::Duration;

/// Speech begins before the ear reports it, and a soft first syllable before that.
const BEFORE: Duration = Duration::from_millis(400);

/// What is kept while nobody serves and nobody speaks: as much as a session holds whose provider is slow.
const AWAITING: Duration = Duration::from_secs(2);

/// The longest turn of which all is kept; of a longer one the end.
const LONGEST: Duration = Duration::from_secs(20);

pub(super) struct Sound {
    rate: SampleRate,
    samples: VecDeque<i16>,
    /// Whether a turn is in it.
    turn: bool,
    missed: u64,
}

impl Sound {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            samples: VecDeque::new(),
            turn: false,
            missed: 0,
        }
    }

    /// The rate of what it is given.
    pub(super) fn rate(&self) -> SampleRate {
        self.rate
    }

    /// From now on it is given another rate.
    pub(super) fn at(&mut self, rate: SampleRate) {
        if rate != self.rate {
            let kept = std::mem::take(&mut self.samples);
            self.samples = converted(kept, self.rate, rate).into();
            self.rate = rate;
        }
    }

    pub(super) fn hear(&mut self, samples: &[i16], in_turn: bool, serves: bool) {
        self.samples.extend(samples);
        let keep = match (in_turn || self.turn, serves) {
            (true, _) => LONGEST,
            (false, true) => BEFORE,
            (false, false) => AWAITING,
        };
        let surplus = self
            .samples
            .len()
            .saturating_sub(self.rate.samples_in(keep) as usize);
        self.samples.drain(..surplus);
        if !serves {
            self.missed += surplus as u64 * 1_000 / u64::from(self.rate.hz());
        }
    }

    /// A turn begins, or goes on.
    pub(super) fn turn_began(&mut self) {
        self.turn = true;
    }

    /// The turn is answered, or was none.
    pub(super) fn forget(&mut self) {
        self.turn = false;
        self.samples = VecDeque::new();
    }

    /// Lets a session hear what is kept. It is kept all the same: that session may fail too.
    pub(super) fn replay(&mut self, session: &mut dyn Session) {
        let kept = converted(self.samples.clone(), self.rate, session.input_rate());
        if !kept.is_empty() {
            session.hear(&kept);
        }
    }

    /// Milliseconds that no engine will ever hear.
    pub(super) fn missed_ms(&self) -> u64 {
        self.missed
    }
}

fn converted(samples: VecDeque<i16>, from: SampleRate, to: SampleRate) -> Vec<i16> {
    let samples = Vec::from(samples);
    if from == to {
        return samples;
    }
    let mut converted = Vec::with_capacity(samples.len() * to.hz() as usize / from.hz() as usize);
    Resampler::new(from, to).push(&samples, &mut converted);
    converted
}
