//! The line between the caller's phone and FreeSWITCH: what its codec does to the caller's voice.

use audio::SampleRate;
use audio::g711::Law;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// The codec of the caller's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// Linear samples at the leg's own rate: a wide-band line that loses nothing.
    Pcm,
    /// G.711 A-law at 8 kHz (Brazil, Europe).
    Alaw,
    /// G.711 µ-law at 8 kHz (North America, Japan).
    Ulaw,
}

/// A codec that no line here has.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a line: use pcm, alaw or ulaw")]
pub struct LineError(String);

impl Line {
    /// The rate of the line behind a leg of `leg` samples a second.
    pub fn rate(self, leg: SampleRate) -> SampleRate {
        match self {
            Self::Pcm => leg,
            Self::Alaw | Self::Ulaw => SampleRate::HZ_8000,
        }
    }

    /// What one sample has become when it has gone through the codec. Silence through A-law is not zero.
    pub fn carry(self, sample: i16) -> i16 {
        match self {
            Self::Pcm => sample,
            Self::Alaw => Law::A.decode_byte(Law::A.encode_sample(sample)),
            Self::Ulaw => Law::Mu.decode_byte(Law::Mu.encode_sample(sample)),
        }
    }
}

impl FromStr for Line {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        match text.to_ascii_lowercase().as_str() {
            "pcm" | "l16" => Ok(Self::Pcm),
            "alaw" | "pcma" => Ok(Self::Alaw),
            "ulaw" | "mulaw" | "pcmu" => Ok(Self::Ulaw),
            _ => Err(LineError(text.to_owned())),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pcm => "pcm",
            Self::Alaw => "A-law",
            Self::Ulaw => "µ-law",
        })
    }
}
