//! Whether a caller who paused has finished the turn: smart-turn v3.2.

use std::sync::Arc;

/// The end-of-turn model, loaded once and shared by all calls. About 100 ms of one core a judgement: call it on
/// a thread that may block.
#[derive(Clone)]
pub struct TurnModel(Arc<()>);

impl TurnModel {
    /// Loads the embedded smart-turn model.
    pub fn embedded() -> Self {
        Self(Arc::new(()))
    }

    /// The probability that the speech in up to 8 s of 16 kHz audio is complete.
    pub fn complete(&self, recent: &[i16]) -> f32 {
        let _ = recent;
        unimplemented!()
    }
}
