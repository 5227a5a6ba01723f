//! A WAV file of an utterance.

use super::super::frame::RATE;

/// RIFF with 16-bit mono PCM at 16 kHz: 44 bytes of header, then the samples.
pub(super) fn wav(samples: &[i16]) -> Vec<u8> {
    // An utterance lasts 30 s at most.
    let data = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX - 36);
    let rate = RATE as u32;
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(data + 36).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16u32.to_le_bytes());
    // PCM, one channel.
    file.extend_from_slice(&[1, 0, 1, 0]);
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * 2).to_le_bytes());
    // Two bytes a sample, 16 bits.
    file.extend_from_slice(&[2, 0, 16, 0]);
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}
