//! A WAV file as it comes out of a pipe: the header, then samples until the pipe ends.

use super::TtsError;

/// Bytes of header that are searched for the `data` chunk at most.
const HEADER_LIMIT: usize = 4096;

/// Reads a WAV stream piece by piece. The lengths in the header are ignored: espeak-ng 1.51 writes 0x7ffff000 to a pipe.
#[derive(Debug, Default)]
pub(super) struct WavStream {
    held: Vec<u8>,
    rate: Option<u32>,
}

impl WavStream {
    /// Takes the next bytes and appends the samples that are complete. Gives the rate in Hz once the header has been read.
    pub(super) fn push(&mut self, bytes: &[u8], samples: &mut Vec<i16>) -> Result<Option<u32>, TtsError> {
        self.held.extend_from_slice(bytes);
        if self.rate.is_none() {
            let Some((rate, length)) = header(&self.held)? else {
                return Ok(None);
            };
            self.held.drain(..length);
            self.rate = Some(rate);
        }
        let whole = self.held.len() & !1;
        samples.extend(
            self.held[..whole]
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]])),
        );
        self.held.drain(..whole);
        Ok(self.rate)
    }
}

/// The rate and the length of a header, or nothing while it is incomplete.
fn header(bytes: &[u8]) -> Result<Option<(u32, usize)>, TtsError> {
    if bytes.len() < 12 {
        return Ok(None);
    }
    if &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err(TtsError::Failed("the program's output is not a WAV file".into()));
    }
    let (mut at, mut rate) = (12, None);
    while let (Some(id), Some(length)) = (bytes.get(at..at + 4), u32_at(bytes, at + 4)) {
        let body = at + 8;
        if id == b"data" {
            let rate = rate.ok_or_else(|| TtsError::Failed("a WAV file without a format".into()))?;
            return Ok(Some((rate, body)));
        }
        if id == b"fmt " {
            let Some(format) = bytes.get(body..body + 16) else {
                return Ok(None);
            };
            rate = Some(mono_16_bit(format)?);
        }
        // Chunks begin at even positions.
        at = body
            .saturating_add(length as usize)
            .saturating_add(length as usize & 1);
        if at > HEADER_LIMIT {
            return Err(TtsError::Failed(format!(
                "a WAV header of more than {HEADER_LIMIT} bytes"
            )));
        }
    }
    Ok(None)
}

/// The rate of a `fmt ` chunk that says mono, 16 bits, linear.
fn mono_16_bit(format: &[u8]) -> Result<u32, TtsError> {
    let field = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
    let (tag, channels, bits) = (field(0), field(2), field(14));
    if (tag, channels, bits) != (1, 1, 16) {
        let message =
            format!("WAV format {tag} with {channels} channels of {bits} bits, where 1, 1 and 16 are right");
        return Err(TtsError::Failed(message));
    }
    Ok(u32::from_le_bytes([format[4], format[5], format[6], format[7]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(rate: u32, channels: u16, extra: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\x24\xf0\xff\x7fWAVE".to_vec();
        if !extra.is_empty() {
            bytes.extend(b"LIST");
            bytes.extend((extra.len() as u32).to_le_bytes());
            bytes.extend(extra);
            bytes.extend(std::iter::repeat_n(0, extra.len() & 1));
        }
        bytes.extend(b"fmt \x10\0\0\0\x01\0");
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate.to_le_bytes());
        bytes.extend((rate * 2).to_le_bytes());
        bytes.extend(b"\x02\0\x10\0data\0\xf0\xff\x7f");
        bytes.extend([1i16, -2, 300, -400].iter().flat_map(|s| s.to_le_bytes()));
        bytes
    }

    #[test]
    fn a_header_in_single_bytes_gives_the_same_samples() {
        for extra in [&b""[..], b"odd", b"even"] {
            let (mut stream, mut samples, mut rate) = (WavStream::default(), Vec::new(), None);
            for byte in file(22_050, 1, extra) {
                rate = stream.push(&[byte], &mut samples).unwrap();
            }
            assert_eq!(
                (rate, samples.as_slice()),
                (Some(22_050), &[1, -2, 300, -400][..]),
                "extra {extra:?}"
            );
        }
    }

    #[test]
    fn what_is_not_mono_or_not_wav_is_refused() {
        let refused = |bytes: &[u8]| {
            WavStream::default()
                .push(bytes, &mut Vec::new())
                .unwrap_err()
                .to_string()
        };
        assert!(refused(&file(22_050, 2, b"")).contains("2 channels"));
        assert!(refused(b"Error: no such voice").contains("not a WAV"));
        let mut endless = b"RIFF\0\0\0\0WAVELIST".to_vec();
        endless.extend(u32::MAX.to_le_bytes());
        assert!(refused(&endless).contains("4096"));
    }
}
