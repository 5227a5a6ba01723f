//! Audio as it stands on the wire: mono, 16 bit, little-endian.

use std::f32::consts::TAU;
use std::time::Duration;

/// A tone of 440 Hz.
pub(crate) fn tone(length: Duration, hz: u32) -> Vec<i16> {
    let samples = (length.as_secs_f64() * f64::from(hz)) as u32;
    (0..samples)
        .map(|n| ((n as f32 * 440.0 * TAU / hz as f32).sin() * 8_000.0) as i16)
        .collect()
}

/// Samples in pieces of 200 ms, as bytes.
pub(crate) fn pieces(samples: &[i16], hz: u32) -> impl Iterator<Item = Vec<u8>> {
    samples.chunks(hz as usize / 5).map(bytes_of)
}

/// Samples as bytes.
pub(crate) fn bytes_of(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|s| s.to_le_bytes()).collect()
}

/// Bytes as samples; half a sample at the end is dropped.
pub(crate) fn samples_of(bytes: &[u8]) -> Vec<i16> {
    bytes
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect()
}
