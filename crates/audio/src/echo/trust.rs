//! Whether the echo is still where it is thought to be while a caller speaks over it.

/// How much is needed either way, in steps of at most [`STEP`]: four blocks of 10 ms at least.
const SURE: f32 = 2.0;
/// What one block can say at most: where both voices happen to be silent the quotient is of nothing.
const STEP: f32 = 0.5;
/// As a mean square, what is too soft to say anything: -90 dB of full scale.
const NOTHING: f32 = 1e-9;

/// Follows over many blocks whether subtracting the echo leaves less.
///
/// One block says nothing while a caller speaks: where his voice and the echo happen to have opposite signs, subtracting the right
/// echo leaves more, which is so in nearly half of all blocks where he is much the louder. Whoever gave those blocks back as they
/// came put a piece of the echo between the caller's words every few blocks: over an echo of -12 dB what was left lay 23 dB below
/// the words, and lies 34 dB below them since.
#[derive(Debug)]
pub(super) struct Trust(f32);

impl Trust {
    /// As long as nothing speaks against it.
    pub(super) fn full() -> Self {
        Self(SURE)
    }

    /// Learns from the mean squares of a block before the echo was subtracted and after.
    pub(super) fn weigh(&mut self, before: f32, after: f32) {
        let less = (before - after) / before.min(after).max(NOTHING);
        self.0 = (self.0 + less.clamp(-STEP, STEP)).clamp(-SURE, SURE);
    }

    /// Whether the echo is subtracted whatever a block says.
    pub(super) fn holds(&self) -> bool {
        self.0 > 0.0
    }
}
