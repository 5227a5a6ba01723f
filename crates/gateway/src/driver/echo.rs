//! Our own voice on its way back: what is played is told to the canceller, and what comes in goes through it.

use crate::config::EchoMode;
use crate::leg::inbound::Format;
use audio::{EchoCanceller, Layout, Resampler, Return, SampleRate};
use secretary::CallUuid;
use std::time::Instant;

/// A sample that is louder is heard (-60 dB of full scale).
const AUDIBLE: u16 = 32;

/// The canceller of a call, from the first sound that is played on.
pub(super) struct Echo {
    call: CallUuid,
    /// None where nothing can come back, or nobody wants it taken out.
    back: Option<Return>,
    mode: EchoMode,
    rate: SampleRate,
    played: SampleRate,
    canceller: Option<Box<EchoCanceller>>,
    to_leg: Resampler,
    converted: Vec<i16>,
    told: bool,
}

impl Echo {
    /// `played` is the rate of what is released.
    pub(super) fn new(call: CallUuid, format: Format, played: SampleRate, mode: EchoMode) -> Self {
        Self {
            call,
            back: back(format.layout, mode),
            mode,
            rate: format.rate,
            played,
            canceller: None,
            to_leg: Resampler::new(played, format.rate),
            converted: Vec::new(),
            told: false,
        }
    }

    /// Another stream carries on, or the audio turned out to come in another format: what was learned is void.
    pub(super) fn restart(&mut self, format: Format) {
        self.back = back(format.layout, self.mode);
        self.rate = format.rate;
        self.to_leg = Resampler::new(self.played, format.rate);
        self.canceller = None;
        self.told = false;
    }

    /// A frame was sent behind `unheard` samples that the caller has yet to hear.
    pub(super) fn released(&mut self, frame: &[i16], unheard: u64, now: Instant) {
        let Some(back) = self.back else { return };
        if self.canceller.is_none() && frame.iter().all(|sample| sample.unsigned_abs() <= AUDIBLE) {
            return;
        }
        let unheard = self.at_leg_rate(unheard);
        let rate = self.rate;
        let canceller = self
            .canceller
            .get_or_insert_with(|| Box::new(EchoCanceller::new(rate, back)));
        if self.played == rate {
            canceller.released(frame, unheard, now);
            return;
        }
        self.converted.clear();
        self.to_leg.push(frame, &mut self.converted);
        canceller.released(&self.converted, unheard, now);
    }

    /// The leg was told to hold what it was sent ahead.
    pub(super) fn paused(&mut self, unheard: u64) {
        let unheard = self.at_leg_rate(unheard);
        if let Some(canceller) = &mut self.canceller {
            canceller.paused(unheard);
        }
    }

    /// It was told to go on.
    pub(super) fn resumed(&mut self, now: Instant) {
        if let Some(canceller) = &mut self.canceller {
            canceller.resumed(now);
        }
    }

    /// It was told to drop it.
    pub(super) fn called_back(&mut self, unheard: u64) {
        let unheard = self.at_leg_rate(unheard);
        if let Some(canceller) = &mut self.canceller {
            canceller.called_back(unheard);
        }
    }

    /// Samples of the caller were dropped before anybody heard them.
    pub(super) fn missed(&mut self, samples: u64) {
        if let Some(canceller) = &mut self.canceller {
            canceller.missed(samples);
        }
    }

    /// Appends to `clean` what can be passed on now: of this frame and of what was held back before it.
    pub(super) fn hear(&mut self, frame: &[i16], now: Instant, clean: &mut Vec<i16>) {
        let Some(canceller) = &mut self.canceller else {
            clean.extend_from_slice(frame);
            return;
        };
        canceller.hear(frame, now, clean);
        if !self.told
            && let Some(delay) = canceller.delay()
        {
            self.told = true;
            tracing::debug!(call = %self.call, delay_ms = delay.as_millis() as u64, back = ?self.back, "our own voice comes back and is taken out");
        }
    }

    fn at_leg_rate(&self, samples: u64) -> u64 {
        samples * u64::from(self.rate.hz()) / u64::from(self.played.hz())
    }
}

/// In a mixed stream our own voice is there for certain, whatever is wished.
fn back(layout: Layout, mode: EchoMode) -> Option<Return> {
    match (layout, mode) {
        (Layout::Mixed, _) => Some(Return::Mix),
        (Layout::Mono | Layout::Stereo, EchoMode::Auto) => Some(Return::Line),
        (Layout::Mono | Layout::Stereo, EchoMode::Off) => None,
    }
}
