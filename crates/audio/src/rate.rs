//! The rate of a stream of samples.

use std::fmt;
use std::time::Duration;

/// Samples a second of one channel: a multiple of 8000 from 8000 to 48000 Hz.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleRate(u32);

/// A rate that no leg carries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} Hz is not a sample rate of a leg: use a multiple of 8000 from 8000 to 48000")]
pub struct RateError(pub u32);

impl SampleRate {
    /// Narrow band, as G.711 carries it.
    pub const HZ_8000: Self = Self(8000);
    /// Wide band; what the voice activity, turn and speech-to-text models hear.
    pub const HZ_16000: Self = Self(16000);
    /// What realtime speech engines speak.
    pub const HZ_24000: Self = Self(24000);
    /// Full band.
    pub const HZ_48000: Self = Self(48000);

    /// Parses a rate in Hz.
    pub const fn new(hz: u32) -> Result<Self, RateError> {
        if hz == 0 || hz > 48000 || !hz.is_multiple_of(8000) {
            return Err(RateError(hz));
        }
        Ok(Self(hz))
    }

    /// The rate in Hz.
    pub const fn hz(self) -> u32 {
        self.0
    }

    /// Samples of one channel in a frame of 20 ms.
    pub const fn frame_samples(self) -> usize {
        (self.0 / 50) as usize
    }

    /// How long so many samples of one channel last.
    pub const fn duration_of(self, samples: u64) -> Duration {
        Duration::from_nanos(samples * 1_000_000_000 / self.0 as u64)
    }

    /// How many whole samples of one channel fit into a duration.
    pub const fn samples_in(self, duration: Duration) -> u64 {
        (duration.as_nanos() * self.0 as u128 / 1_000_000_000) as u64
    }
}

impl fmt::Debug for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}
