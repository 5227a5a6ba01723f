//! Hearing when the caller speaks: a cheap gate in front of the silero voice activity model.

use std::sync::Arc;
use std::time::Duration;

/// The voice activity model, loaded once and shared by all calls.
#[derive(Clone)]
pub struct EarModel(Arc<()>);

impl EarModel {
    /// Loads the embedded silero model.
    pub fn embedded() -> Self {
        Self(Arc::new(()))
    }
}

/// An edge of the caller's speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Speech began; `ago` before the end of the audio heard so far.
    Started {
        /// How far back the first sample of speech lies.
        ago: Duration,
    },
    /// Speech stopped; its last sample lies `ago` back (the hangover that made sure of it).
    Ended {
        /// How far back the last sample of speech lies.
        ago: Duration,
    },
}

/// Listens to one caller.
pub struct Ear {
    _model: EarModel,
}

impl Ear {
    /// An ear that hears 16 kHz audio.
    pub fn new(model: EarModel) -> Self {
        Self { _model: model }
    }

    /// Hears samples at 16 kHz (any count) and tells the first edge in them, if there is one.
    pub fn hear(&mut self, samples: &[i16]) -> Option<Edge> {
        let _ = samples;
        unimplemented!()
    }

    /// The last 8 s heard at 16 kHz, oldest first, for [`crate::TurnModel::complete`].
    pub fn recent(&self) -> Vec<i16> {
        unimplemented!()
    }
}
