//! Sample-rate conversion with memory, one per direction.

use crate::SampleRate;

/// Converts a continuous mono stream from one rate to another, keeping its state between frames.
#[derive(Debug)]
pub struct Resampler {
    from: SampleRate,
    to: SampleRate,
}

impl Resampler {
    /// A converter; between equal rates it copies.
    pub fn new(from: SampleRate, to: SampleRate) -> Self {
        Self { from, to }
    }

    /// Converts `input` and appends what is ready to `output`.
    pub fn push(&mut self, input: &[i16], output: &mut Vec<i16>) {
        let _ = (input, output, self.from, self.to);
        unimplemented!()
    }

    /// Appends what the filter still holds, as at the end of an answer, and starts anew.
    pub fn flush(&mut self, output: &mut Vec<i16>) {
        let _ = output;
        unimplemented!()
    }
}
