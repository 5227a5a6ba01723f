//! The audio formats that an agent chooses.

use super::events::Metadata;
use crate::realtime::Rates;
use audio::SampleRate;
use audio::g711::Law;

/// The formats of both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Formats {
    /// Of the caller's audio.
    pub(super) input: Format,
    /// Of the answers'.
    pub(super) output: Format,
}

/// How samples stand on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// 16 bit, little-endian.
    Pcm(SampleRate),
    /// G.711 µ-law at 8 kHz.
    Ulaw,
}

impl Formats {
    /// Those of a conversation, or the name of the one that cannot be.
    pub(super) fn of(metadata: &Metadata) -> Result<Self, String> {
        let format = |name: &String| Format::named(name).ok_or_else(|| name.clone());
        Ok(Self {
            input: format(&metadata.user_input_audio_format)?,
            output: format(&metadata.agent_output_audio_format)?,
        })
    }

    /// Their rates.
    pub(super) fn rates(self) -> Rates {
        Rates {
            input: self.input.rate(),
            output: self.output.rate(),
        }
    }
}

impl Format {
    fn named(name: &str) -> Option<Self> {
        if name == "ulaw_8000" {
            return Some(Self::Ulaw);
        }
        let hz = name.strip_prefix("pcm_")?.parse().ok()?;
        SampleRate::new(hz).ok().map(Self::Pcm)
    }

    fn rate(self) -> SampleRate {
        match self {
            Self::Pcm(rate) => rate,
            Self::Ulaw => SampleRate::HZ_8000,
        }
    }

    /// Samples as bytes of the wire.
    pub(super) fn encode(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Pcm(_) => samples.iter().flat_map(|s| s.to_le_bytes()).collect(),
            Self::Ulaw => samples.iter().map(|s| Law::Mu.encode_sample(*s)).collect(),
        }
    }

    /// Bytes of the wire as samples of 16 bit, little-endian.
    pub(super) fn decode(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Pcm(_) => bytes,
            Self::Ulaw => bytes
                .into_iter()
                .flat_map(|b| Law::Mu.decode_byte(b).to_le_bytes())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_what_a_leg_can_carry() {
        assert_eq!(
            Format::named("pcm_24000"),
            Some(Format::Pcm(SampleRate::HZ_24000))
        );
        assert_eq!(Format::named("ulaw_8000"), Some(Format::Ulaw));
        for other in ["pcm_44100", "mp3_44100_128", "pcm_", ""] {
            assert_eq!(Format::named(other), None, "{other}");
        }
    }
}
