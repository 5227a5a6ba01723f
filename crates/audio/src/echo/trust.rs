//! Whether the echo is still where it is thought to be while a caller speaks over it.

/// How much is believed at most either way, and what one frame of 20 ms can say of it.
const SURE: f32 = 0.3;
const STEP: f32 = 0.2;

/// Follows over several frames whether subtracting the echo leaves less, as the filter's `explained` says.
#[derive(Debug)]
pub(super) struct Trust(f32);

impl Trust {
    /// As long as nothing speaks against it.
    pub(super) fn full() -> Self {
        Self(SURE)
    }

    /// Learns from how much the echo explains of a frame.
    pub(super) fn weigh(&mut self, explained: f32) {
        self.0 = (self.0 + explained.clamp(-STEP, STEP)).clamp(-SURE, SURE);
    }

    /// Whether the echo is subtracted whatever a block says.
    pub(super) fn holds(&self) -> bool {
        self.0 > 0.0
    }
}
