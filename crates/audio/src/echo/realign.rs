//! An echo with another delay than the known one, or the first one: searched, tried out, and learned.

use super::filter::Filter;
use super::search::{Among, Peaks, WINDOW, search};
use super::track::Track;
use super::trust::Trust;
use super::{EchoCanceller, FRAME, Return, SEARCHABLE, power};
use std::time::Duration;

/// How often what was held back is gone through to learn a way back.
const PASSES: usize = 3;
/// The latest frames of those held back on which a delay is tried out: before them it may have been another.
const TRIED: usize = 5;
/// A delay is another one when it differs by more: 1 ms. Within it the imitation goes on, or begins anew.
const SAME: Duration = Duration::from_millis(1);
/// Another delay is right when it leaves less than this part of what the known one leaves.
const BETTER: f32 = 0.25;
/// The known one is begun with anew when that leaves less than this part: the imitation has gone astray.
const ASTRAY: f32 = 0.5;
/// So much louder than the known echo another one is only believed on as many frames as are ever tried: a hum of the caller's is
/// much like one of ours.
const LOUDER: f32 = 2.5;
/// What leaves less than this part may be right but for a few samples, so many either way: a search in a vowel is no surer.
const NEARLY: f32 = 0.7;
const NEAR: i64 = 2;
/// A first echo is one when as a mere delay it leaves less than this part.
const PLAUSIBLE: f32 = 0.6;

/// A way back that was tried out.
#[derive(Debug, Clone, Copy)]
struct Trial {
    lag: i64,
    /// Of a mere delay; without one, it is the known imitation at that delay.
    gain: Option<f32>,
    /// The power of what it leaves.
    left: f32,
}

impl Trial {
    fn or(self, other: Self) -> Self {
        if other.left < self.left { other } else { self }
    }
}

impl EchoCanceller {
    /// Looks for an echo with another delay than the known one in what is left. True if there is one, and what was held back is
    /// without it now.
    pub(super) fn realign(&mut self) -> bool {
        let frames = match self.holding {
            0 => TRIED,
            held => held.clamp(SEARCHABLE, TRIED),
        };
        let among = match self.filter {
            None => Among::First,
            Some(_) if self.holding == 0 => Among::Others(WINDOW),
            // What came before the delay jumped would only be in the way.
            Some(_) => Among::Others(FRAME * frames as u32),
        };
        let peaks = search(self.rate, &self.left, &self.reference, among);
        if self.is_spoken_over() && !self.trust.holds() && self.follow_to(&peaks) {
            return true;
        }
        let realigned = match self.filter.as_ref().map(Filter::lag) {
            None => self.begin(&peaks, frames),
            Some(known) => self.try_out(known, &peaks, frames),
        };
        if !realigned {
            return false;
        }
        for _ in 0..PASSES {
            self.go_through(frames, true);
        }
        self.gate.restart();
        self.trust = Trust::full();
        self.go_through_older(frames);
        self.go_through(frames, false);
        true
    }

    /// Begins with the first echo.
    fn begin(&mut self, peaks: &Peaks, frames: usize) -> bool {
        let Some(found) = peaks[0] else { return false };
        let gain = match self.back {
            Return::Mix => 1.0,
            Return::Line => found.gain,
        };
        if self.back == Return::Line && !self.is_plausible(found.lag, frames) {
            return false;
        }
        self.filter = Some(Filter::new(self.rate, self.block, self.back, found.lag, gain));
        true
    }

    /// Whether another delay explains the last frames better, be it that the same echo comes at another time or a new one; or a
    /// mere delay does where the imitation of the known one has gone astray.
    fn try_out(&mut self, known: i64, peaks: &Peaks, frames: usize) -> bool {
        // Over a caller an echo may have been subtracted that is not there any more.
        let before = self.left_of(frames).min(self.captured_in(frames));
        let loudest = self.filter.as_ref().map_or(0.0, Filter::gain) * LOUDER;
        let mut best = self.try_lag(known, frames);
        for found in peaks.iter().flatten() {
            let trial = self.try_lag(found.lag, frames);
            let louder = trial.gain.is_some_and(|gain| gain.abs() > loudest);
            if !louder || frames == TRIED {
                best = best.or(trial);
            }
        }
        if best.left < NEARLY * before {
            for lag in best.lag - NEAR..=best.lag + NEAR {
                best = best.or(self.try_shift(lag, frames));
            }
        }
        let another = (best.lag - known).abs() > self.rate.samples_in(SAME) as i64;
        // Half of a caller's vowel is soon explained by something: it gives up no imitation.
        let enough = match another || self.is_spoken_over() {
            true => BETTER,
            false => ASTRAY,
        };
        if best.left > enough * before {
            self.try_shift(known, frames);
            return false;
        }
        self.shift(best.lag);
        if let (Some(filter), Some(gain)) = (&mut self.filter, best.gain) {
            filter.restart(best.lag, gain);
        }
        true
    }

    fn try_lag(&mut self, lag: i64, frames: usize) -> Trial {
        let (gain, left) = self.left_of_delay(lag, frames);
        let plain = Trial {
            lag,
            gain: Some(gain),
            left,
        };
        plain.or(self.try_shift(lag, frames))
    }

    /// A narrow line's "s" has little in common with ours: the imitation has learned the line.
    fn try_shift(&mut self, lag: i64, frames: usize) -> Trial {
        self.shift(lag);
        let left = self.go_through(frames, false);
        Trial {
            lag,
            gain: None,
            left,
        }
    }

    /// Whether a first echo of a line explains enough of what is heard: two voices of one pitch correlate a little as well.
    fn is_plausible(&mut self, lag: i64, frames: usize) -> bool {
        let (_, left) = self.left_of_delay(lag, frames);
        left < PLAUSIBLE * self.left_of(frames)
    }

    pub(super) fn shift(&mut self, lag: i64) {
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
        power_of(&self.left, frames, &mut self.out)
    }

    /// The power of what came in in the last frames.
    fn captured_in(&mut self, frames: usize) -> f32 {
        power_of(&self.captured, frames, &mut self.out)
    }

    /// Subtracts anew in the frames held back before the last ones, where that leaves less: others came before the delay jumped.
    fn go_through_older(&mut self, frames: usize) {
        for index in 0..self.holding.saturating_sub(frames) {
            let from = self.captured.end() - ((self.holding - index) * self.frame.len()) as i64;
            self.left.read(from, &mut self.out);
            let levels = self.subtract(from, false);
            if levels.left() < self.held[index].left() {
                self.held[index] = levels;
            } else {
                self.left.rewrite(from, &self.out);
            }
        }
    }

    /// Subtracts anew in the last frames. What is left in them altogether.
    pub(super) fn go_through(&mut self, frames: usize, learn: bool) -> f32 {
        let length = self.frame.len() as i64;
        let mut left = 0.0;
        for index in 0..frames {
            let from = self.captured.end() - (frames - index) as i64 * length;
            let levels = self.subtract(from, learn);
            left += levels.left();
            if frames - index <= self.holding {
                self.held[self.holding - (frames - index)] = levels;
            }
        }
        left
    }
}

/// The power of a track's last frames.
fn power_of(track: &Track, frames: usize, frame: &mut [f32]) -> f32 {
    let mut sum = 0.0;
    for back in 1..=frames {
        track.read(track.end() - (back * frame.len()) as i64, frame);
        sum += power(frame);
    }
    sum
}
