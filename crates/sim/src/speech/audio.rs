//! What the stand-in speaks, and how it is packed.

use std::f64::consts::TAU;

/// The frequency of the tone, in Hz: low enough for every rate, and no hum.
const PITCH: f64 = 220.0;

/// A text as a tone at `rate` Hz, 60 ms for each character.
pub fn tone(text: &str, rate: u32) -> Vec<i16> {
    let count = text.chars().count() as u64 * 60 * u64::from(rate) / 1_000;
    let sample = |at: u64| (8_000.0 * (TAU * PITCH * at as f64 / f64::from(rate)).sin()) as i16;
    (0..count).map(sample).collect()
}

/// Samples as bytes, little-endian.
pub(super) fn raw(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Samples as a mono WAV file.
pub fn wav(samples: &[i16], rate: u32) -> Vec<u8> {
    let data = raw(samples);
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut file = b"RIFF".to_vec();
    file.extend((length.saturating_add(36)).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(rate.to_le_bytes());
    file.extend((rate * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file
}
