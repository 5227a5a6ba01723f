//! Where speech begins and ends in audio that has no marks.

use audio::SampleRate;

/// The peak of a frame that is silence: -54 dBFS.
const SILENT: u16 = 64;

/// Frames of 20 ms: so long a silence ends what is said.
const LONGEST_PAUSE: usize = 30;

/// What was found in a piece of audio, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Speech, with the pauses in it.
    Speech(Vec<i16>),
    /// What was said is over.
    End,
}

/// Cuts audio into what is said.
#[derive(Debug)]
pub(super) struct Speech {
    /// Samples of 20 ms.
    frame: usize,
    partial: Vec<i16>,
    /// Silence that may be a pause.
    pause: Vec<i16>,
    speaking: bool,
}

impl Speech {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            frame: rate.frame_samples(),
            partial: Vec::new(),
            pause: Vec::new(),
            speaking: false,
        }
    }

    /// Takes 16 bit, little-endian, in whole samples.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Found> {
        let samples = bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]));
        self.partial.extend(samples);
        let whole = self.partial.len() / self.frame * self.frame;
        let frames: Vec<i16> = self.partial.drain(..whole).collect();
        let mut found = Vec::new();
        for frame in frames.chunks_exact(self.frame) {
            self.frame(frame, &mut found);
        }
        found
    }

    fn frame(&mut self, frame: &[i16], found: &mut Vec<Found>) {
        let is_silent = frame.iter().all(|s| s.unsigned_abs() <= SILENT);
        if !is_silent {
            self.speaking = true;
            let mut speech = std::mem::take(&mut self.pause);
            speech.extend_from_slice(frame);
            match found.last_mut() {
                Some(Found::Speech(before)) => before.append(&mut speech),
                _ => found.push(Found::Speech(speech)),
            }
            return;
        }
        if !self.speaking {
            return;
        }
        self.pause.extend_from_slice(frame);
        if self.pause.len() >= LONGEST_PAUSE * self.frame {
            self.end();
            found.push(Found::End);
        }
    }

    /// What was said is over, by other signs.
    pub(super) fn end(&mut self) {
        self.speaking = false;
        self.pause.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(ms: usize, level: i16) -> Vec<u8> {
        std::iter::repeat_n(level.to_le_bytes(), ms * 16)
            .flatten()
            .collect()
    }

    #[test]
    fn pauses_are_part_of_what_is_said_and_a_silence_ends_it() {
        let mut speech = Speech::new(SampleRate::HZ_16000);
        assert_eq!(speech.take(&bytes(1_000, 3)), [], "silence before it is nothing");
        assert_eq!(speech.take(&bytes(100, 900)), [Found::Speech(vec![900; 1_600])]);
        assert_eq!(speech.take(&bytes(300, 0)), []);
        let mut rest = vec![0; 4_800];
        rest.extend([900; 320]);
        assert_eq!(speech.take(&bytes(20, 900)), [Found::Speech(rest)]);
        assert_eq!(speech.take(&bytes(2_000, 0)), [Found::End], "once");
    }
}
