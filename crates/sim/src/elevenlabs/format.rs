//! The audio formats of an agent.

use crate::provider::{bytes_of, samples_of};
use audio::g711::Law;

/// A format by its name, as `pcm_16000` or `ulaw_8000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// 16 bit, little-endian, at this rate.
    Pcm(u32),
    /// G.711 µ-law at 8 kHz.
    Ulaw,
}

impl Format {
    /// What a script names; PCM at 16 kHz if it names nothing that there is.
    pub(super) fn named(name: &str) -> Self {
        if name == "ulaw_8000" {
            return Self::Ulaw;
        }
        let hz = name.strip_prefix("pcm_").and_then(|hz| hz.parse().ok());
        Self::Pcm(hz.unwrap_or(16_000))
    }

    /// Samples a second.
    pub(super) fn hz(self) -> u32 {
        match self {
            Self::Pcm(hz) => hz,
            Self::Ulaw => 8_000,
        }
    }

    /// Bytes as samples.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<i16> {
        match self {
            Self::Pcm(_) => samples_of(bytes),
            Self::Ulaw => bytes.iter().map(|b| Law::Mu.decode_byte(*b)).collect(),
        }
    }

    /// Samples as bytes.
    pub(super) fn encode(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Pcm(_) => bytes_of(samples),
            Self::Ulaw => samples.iter().map(|s| Law::Mu.encode_sample(*s)).collect(),
        }
    }
}
