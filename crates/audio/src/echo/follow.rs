//! A delay that jumps while a caller speaks over the echo.
//!
//! No delay explains most of what is heard then, so powers say little. But the way back is known, and a delay that jumps only moves it:
//! the right one leaves less in each bin of the spectrum in which the caller is soft at that moment, as between his harmonics.

use super::filter::Filter;
use super::search::{Among, Peaks, WINDOW, search};
use super::trust::Trust;
use super::{CAPTURED, EchoCanceller, FRAME};

/// The latest frames in which other delays are compared with the known one, and those in which it is then looked for the jump.
const COMPARED: usize = 6;
const LOOKED_BACK: usize = 13;
const _: () = assert!(LOOKED_BACK as u128 * FRAME.as_millis() <= CAPTURED.as_millis());
/// How much more another delay must explain than the known one, and than none, as a sum over frames of [`Filter::explained`]. Measured
/// on 80 jumps over speech: 1.3 to 8 at a right one, up to 2.6 at a wrong one, but only in one to three frames above 1.2.
const SURELY_MORE: f32 = 1.0;
const MORE: f32 = 0.2;
/// The fewest frames that show it.
const FEWEST: usize = 4;
/// A peak of the search may be so many samples beside the right place.
const NEAR: i64 = 2;

/// From when on another delay explains more.
#[derive(Debug, Clone, Copy, Default)]
struct Jump {
    /// How much more than the known one.
    more: f32,
    /// In so many of the latest frames.
    frames: usize,
}

impl Jump {
    /// What two delays explain of each frame, the latest first.
    fn between(known: &[f32], other: &[f32]) -> Self {
        let mut best = Self::default();
        let (mut more, mut explained) = (0.0, 0.0);
        for (back, (known, other)) in known.iter().zip(other).enumerate() {
            more += other - known;
            explained += other;
            let frames = back + 1;
            if frames >= FEWEST && more > best.more && explained > MORE {
                best = Self { more, frames };
            }
        }
        best
    }
}

impl EchoCanceller {
    /// Looks whether the known echo comes at another time in what a caller says.
    pub(super) fn follow(&mut self) {
        if self.filter.is_none() {
            return;
        }
        let peaks = search(self.rate, &self.left, &self.reference, Among::Others(WINDOW));
        self.follow_to(&peaks);
    }

    /// Lets the known imitation go on at another delay where that surely explains more, from the frame on with which it begins to.
    pub(super) fn follow_to(&mut self, peaks: &Peaks) -> bool {
        let Some(known) = self.filter.as_ref().map(Filter::lag) else {
            return false;
        };
        let lag = self.likeliest(known, peaks);
        let jump = if lag == known {
            Jump::default()
        } else {
            let stays = self.explained_at::<LOOKED_BACK>(known);
            Jump::between(&stays, &self.explained_at::<LOOKED_BACK>(lag))
        };
        if jump.more < SURELY_MORE {
            self.shift(known);
            return false;
        }
        self.shift(lag);
        self.gate.restart();
        self.trust = Trust::full();
        self.go_through(jump.frames, false);
        true
    }

    /// The delay that explains most, among those that the search found and their neighbours.
    fn likeliest(&mut self, known: i64, peaks: &Peaks) -> i64 {
        let stays = self.explained_at::<COMPARED>(known);
        let (mut likeliest, mut most) = (known, 0.0);
        let mut try_lag = |canceller: &mut Self, lag| {
            let more = Jump::between(&stays, &canceller.explained_at::<COMPARED>(lag)).more;
            if more > most {
                (likeliest, most) = (lag, more);
            }
            likeliest
        };
        let mut found = known;
        for peak in peaks.iter().flatten() {
            found = try_lag(self, peak.lag);
        }
        if found == known {
            return known;
        }
        for lag in found - NEAR..=found + NEAR {
            try_lag(self, lag);
        }
        likeliest
    }

    /// How much the known imitation at that delay explains of each of the last frames, the latest first.
    fn explained_at<const FRAMES: usize>(&mut self, lag: i64) -> [f32; FRAMES] {
        self.shift(lag);
        let mut explained = [0.0; FRAMES];
        let Some(filter) = &mut self.filter else {
            return explained;
        };
        for (back, explained) in explained.iter_mut().enumerate().rev() {
            let from = self.captured.end() - ((back + 1) * self.frame.len()) as i64;
            self.captured.read(from, &mut self.frame);
            self.whole.copy_from_slice(&self.frame);
            for (index, block) in self.whole.chunks_mut(self.block).enumerate() {
                let at = from + (index * self.block) as i64;
                let echo = &mut self.echo[..self.block];
                filter.subtract(&self.reference, at, block, echo, false);
            }
            *explained = filter.explained(&self.frame, &self.whole);
        }
        explained
    }
}
