//! What a person says on a leg of their own, utterance by utterance.

use audio::{Ear, EarModel, Edge, Framer, Layout, Resampler, SampleRate};
use std::sync::Arc;
use std::time::Duration;

/// So much before the first sound that the ear has found goes with it.
const BEFORE: Duration = Duration::from_millis(300);
/// What speech to text takes.
const WIDE: SampleRate = SampleRate::HZ_16000;

/// Hears when they speak.
pub(super) struct Hearing {
    framer: Framer,
    to_wide: Resampler,
    wide: Vec<i16>,
    ear: Ear,
    /// Samples since what they say now began, while they speak.
    since: Option<u64>,
}

impl Hearing {
    /// Ears for a leg of this rate.
    pub(super) fn new(model: EarModel, rate: SampleRate) -> Self {
        Self {
            framer: Framer::new(rate, Layout::Mono),
            to_wide: Resampler::new(rate, WIDE),
            wide: Vec::new(),
            ear: Ear::new(model),
            since: None,
        }
    }

    /// Hears a packet of the leg. What they have said, at 16 kHz, when they have just finished; at most the last 8 s of it.
    pub(super) fn hear(&mut self, packet: &[u8]) -> Option<Arc<[i16]>> {
        let Self {
            framer,
            to_wide,
            wide,
            ..
        } = self;
        wide.clear();
        framer.push(packet, |frame| to_wide.push(frame, wide));
        let heard = self.wide.len() as u64;
        if let Some(since) = &mut self.since {
            *since += heard;
        }
        match self.ear.hear(&self.wide)? {
            Edge::Started { ago } => {
                self.since = Some(WIDE.samples_in(ago + BEFORE));
                None
            }
            Edge::Ended { .. } => self.since.take().map(|samples| self.last(samples)),
        }
    }

    fn last(&self, samples: u64) -> Arc<[i16]> {
        let recent = self.ear.recent();
        let kept = recent.len().min(samples as usize);
        Arc::from(&recent[recent.len() - kept..])
    }
}
