//! An echo with another delay than the known one, or the first one: searched, tried out, and learned.

use super::filter::Filter;
use super::search::search;
use super::{EchoCanceller, Return, SEARCHABLE, power};
use std::time::Duration;

/// How often what was held back is gone through to learn a way back.
const PASSES: usize = 3;
/// The latest frames of those held back on which a delay is tried out: before them it may have been another.
const TRIED: usize = 5;
/// A delay is another one when it differs by more: 1 ms.
const SAME: Duration = Duration::from_millis(1);
/// Another delay is right when it leaves less than this part of what the known one leaves.
const BETTER: f32 = 0.25;
/// A first echo is one when as a mere delay it leaves less than this part.
const PLAUSIBLE: f32 = 0.6;

impl EchoCanceller {
    /// Looks for an echo with another delay than the known one in what is left. True if there is one, and what was held back is
    /// without it now.
    pub(super) fn realign(&mut self) -> bool {
        let same = self.rate.samples_in(SAME) as i64;
        let known = self.filter.as_ref().map(|filter| (filter.lag(), same));
        let Some(found) = search(self.rate, &self.left, &self.reference, known) else {
            return false;
        };
        let frames = self.holding.clamp(SEARCHABLE, TRIED);
        match &mut self.filter {
            None => {
                let gain = match self.back {
                    Return::Mix => 1.0,
                    Return::Line => found.gain,
                };
                if self.back == Return::Line && !self.is_plausible(found.lag, frames) {
                    return false;
                }
                self.filter = Some(Filter::new(self.rate, self.block, self.back, found.lag, gain));
            }
            Some(filter) => {
                let known = filter.lag();
                if !self.try_out(known, found.lag, frames) {
                    return false;
                }
            }
        }
        self.gate.restart();
        for _ in 0..PASSES {
            self.go_through(frames, true);
        }
        self.go_through(self.holding, false);
        true
    }

    /// Whether another delay explains the last frames better, be it that the same echo comes at another time or a new one.
    fn try_out(&mut self, known: i64, found: i64, frames: usize) -> bool {
        let enough = BETTER * self.left_of(frames);
        let (gain, left) = self.left_of_delay(found, frames);
        self.shift(found);
        let shifted = self.go_through(frames, false);
        if shifted.min(left) > enough {
            self.shift(known);
            self.go_through(frames, false);
            return false;
        }
        if left < shifted
            && let Some(filter) = &mut self.filter
        {
            filter.restart(found, gain);
        }
        true
    }

    /// Whether a first echo of a line explains enough of what is heard: two voices of one pitch correlate a little as well.
    fn is_plausible(&mut self, lag: i64, frames: usize) -> bool {
        let (_, left) = self.left_of_delay(lag, frames);
        left < PLAUSIBLE * self.left_of(frames)
    }

    fn shift(&mut self, lag: i64) {
        if let Some(filter) = &mut self.filter {
            filter.shift(lag);
        }
    }

    /// The gain with which a mere delay would leave the least of the last frames, and how much that is.
    fn left_of_delay(&mut self, lag: i64, frames: usize) -> (f32, f32) {
        let (mut product, mut played, mut captured) = (0.0, 0.0, 0.0);
        for back in 1..=frames {
            let from = self.captured.end() - (back * self.frame.len()) as i64;
            self.captured.read(from, &mut self.frame);
            self.reference.read(from - lag, &mut self.out);
            let pairs = self.frame.iter().zip(&self.out);
            product += pairs.map(|(captured, played)| captured * played).sum::<f32>() / self.out.len() as f32;
            played += power(&self.out);
            captured += power(&self.frame);
        }
        let gain = product / played.max(f32::MIN_POSITIVE);
        (gain, captured - gain * product)
    }

    /// The power of what is left in the last frames.
    fn left_of(&mut self, frames: usize) -> f32 {
        let length = self.frame.len();
        let mut sum = 0.0;
        for back in 1..=frames {
            self.left
                .read(self.left.end() - (back * length) as i64, &mut self.out);
            sum += power(&self.out);
        }
        sum
    }

    /// Subtracts anew in the last frames. What is left in them altogether.
    fn go_through(&mut self, frames: usize, learn: bool) -> f32 {
        let length = self.frame.len() as i64;
        let mut left = 0.0;
        for index in 0..frames {
            let from = self.captured.end() - (frames - index) as i64 * length;
            let levels = self.subtract(from, learn);
            left += levels.left;
            if frames - index <= self.holding {
                self.held[self.holding - (frames - index)] = levels;
            }
        }
        left
    }
}
