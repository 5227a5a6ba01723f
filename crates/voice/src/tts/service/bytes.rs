//! From the bytes of an answer, cut anywhere, to samples at our rate.

use super::RATE;
use crate::tts::TtsError;
use crate::tts::convert::{Converter, Converters};
use crate::tts::wav::WavStream;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use std::time::Duration;

/// How compressed audio begins, which some servers send whatever was asked for. (MPEG audio without a tag is told by its type.)
const COMPRESSED: [&[u8]; 3] = [b"ID3", b"OggS", b"fLaC"];

/// The bytes by which a header is known.
const SIGNATURE: usize = 4;

/// The audio of one text while it comes. What is wrong with it is told in words that complete the service's name.
pub(super) struct Samples<'a> {
    form: Form,
    converters: &'a Converters,
    converter: Option<Converter>,
    /// The rate of audio without a header, in Hz.
    rate: u32,
    longest: Duration,
    taken: u64,
    heard: bool,
}

/// What the bytes are.
enum Form {
    /// Not known yet: too few of them.
    Unknown(Vec<u8>),
    /// Samples alone; half of one may wait for its other half.
    Raw(Option<u8>),
    /// A WAV file.
    Wav(WavStream),
}

impl<'a> Samples<'a> {
    /// Audio of this answer, which is `usual` Hz unless its type or a header says otherwise; no more than `longest` of it.
    pub(super) fn new(
        response: &Response,
        usual: u32,
        longest: Duration,
        converters: &'a Converters,
    ) -> Result<Self, String> {
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_lowercase();
        if ["mpeg", "mp3", "ogg", "opus", "aac", "flac", "webm"]
            .iter()
            .any(|form| kind.contains(form))
        {
            return Err(format!("sends {kind:?} where PCM was asked for"));
        }
        Ok(Self {
            form: Form::Unknown(Vec::new()),
            converters,
            converter: None,
            rate: named_rate(&kind).unwrap_or(usual),
            longest,
            taken: 0,
            heard: false,
        })
    }

    /// True once there was audio.
    pub(super) fn heard(&self) -> bool {
        self.heard
    }

    /// The bytes of the longest audio that is taken, at 48 kHz.
    pub(super) fn most_bytes(&self) -> usize {
        usize::try_from(self.longest.as_secs())
            .unwrap_or(usize::MAX)
            .saturating_mul(96_000)
    }

    /// Takes the next bytes and gives the samples that are ready.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<i16>, String> {
        let mut native = Vec::new();
        if let Form::Unknown(held) = &mut self.form {
            held.extend_from_slice(bytes);
            if held.len() < SIGNATURE {
                return Ok(Vec::new());
            }
            let held = std::mem::take(held);
            self.recognise(&held)?;
            self.decode(&held, &mut native)?;
        } else {
            self.decode(bytes, &mut native)?;
        }
        self.convert(&native)
    }

    /// The samples that are left at the end.
    pub(super) fn finish(&mut self) -> Result<Vec<i16>, String> {
        let mut last = Vec::new();
        // Fewer than four bytes in all are one sample or nothing.
        if let Form::Unknown(held) = &mut self.form {
            let held = std::mem::take(held);
            self.form = Form::Raw(None);
            let mut native = Vec::new();
            self.decode(&held, &mut native)?;
            last = self.convert(&native)?;
        }
        if let Some(mut converter) = self.converter.take() {
            converter.finish(&mut last).map_err(|e| trouble(&e))?;
            self.converters.put_back(converter);
        }
        Ok(last)
    }

    fn recognise(&mut self, beginning: &[u8]) -> Result<(), String> {
        if COMPRESSED
            .iter()
            .any(|signature| beginning.starts_with(signature))
        {
            return Err("sends compressed audio where PCM was asked for".into());
        }
        self.form = if beginning.starts_with(b"RIFF") {
            Form::Wav(WavStream::default())
        } else {
            Form::Raw(None)
        };
        Ok(())
    }

    fn decode(&mut self, bytes: &[u8], native: &mut Vec<i16>) -> Result<(), String> {
        match &mut self.form {
            Form::Unknown(_) => {}
            Form::Raw(half) => join(half, bytes, native),
            Form::Wav(wav) => {
                if let Some(rate) = wav.push(bytes, native).map_err(|e| trouble(&e))? {
                    self.rate = rate;
                }
            }
        }
        self.taken += native.len() as u64;
        if self.taken > self.longest.as_secs().saturating_mul(u64::from(self.rate)) {
            let seconds = self.longest.as_secs();
            return Err(format!(
                "sends more than {seconds} s of audio for a text that is said in less"
            ));
        }
        Ok(())
    }

    fn convert(&mut self, native: &[i16]) -> Result<Vec<i16>, String> {
        let mut samples = Vec::new();
        if native.is_empty() {
            return Ok(samples);
        }
        self.heard = true;
        let mut converter = match self.converter.take() {
            Some(converter) => converter,
            None => self.converters.take(self.rate).map_err(|e| trouble(&e))?,
        };
        converter.push(native, &mut samples).map_err(|e| trouble(&e))?;
        self.converter = Some(converter);
        Ok(samples)
    }
}

/// Little-endian samples out of bytes, with the half of one that came before.
fn join(half: &mut Option<u8>, bytes: &[u8], samples: &mut Vec<i16>) {
    let mut bytes = bytes;
    if let Some(low) = *half {
        let Some((high, rest)) = bytes.split_first() else {
            return;
        };
        samples.push(i16::from_le_bytes([low, *high]));
        (*half, bytes) = (None, rest);
    }
    let pairs = bytes.chunks_exact(2);
    *half = pairs.remainder().first().copied();
    samples.extend(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
}

/// The rate that a type names, as in `audio/pcm;rate=24000`.
fn named_rate(kind: &str) -> Option<u32> {
    let value = kind
        .split(';')
        .skip(1)
        .find_map(|parameter| parameter.trim().strip_prefix("rate="))?;
    value.trim_matches('"').parse().ok()
}

fn trouble(error: &TtsError) -> String {
    format!("sends audio that cannot be used at {} Hz ({error})", RATE.hz())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_the_same_wherever_the_bytes_are_cut() {
        let bytes: Vec<u8> = (0..=20).collect();
        let mut whole = Vec::new();
        join(&mut None, &bytes, &mut whole);
        for size in 1..8 {
            let (mut half, mut samples) = (None, Vec::new());
            for piece in bytes.chunks(size) {
                join(&mut half, piece, &mut samples);
                join(&mut half, &[], &mut samples);
            }
            assert_eq!((samples, half), (whole.clone(), Some(20)), "in pieces of {size}");
        }
    }

    #[test]
    fn a_type_may_name_the_rate() {
        assert_eq!(named_rate("audio/pcm;rate=24000"), Some(24_000));
        assert_eq!(named_rate("audio/l16; channels=1; rate=\"16000\""), Some(16_000));
        assert_eq!(named_rate("audio/pcm"), None);
    }
}
