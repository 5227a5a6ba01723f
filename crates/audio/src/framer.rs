//! From the bytes of a leg, however they are cut, to mono frames of 20 ms.

use crate::SampleRate;

/// Which channels a leg's bytes carry (mod_audio_stream's "mix type").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One channel: the caller.
    Mono,
    /// One channel: the caller plus what is played to the caller, added.
    Mixed,
    /// Two channels interleaved: left is the caller, right what is played.
    Stereo,
}

/// Cuts signed 16-bit little-endian bytes into mono frames of 20 ms of the caller's voice.
#[derive(Debug)]
pub struct Framer {
    rate: SampleRate,
    layout: Layout,
    // helper: more
}

impl Framer {
    /// A framer for a leg that sends this rate and layout.
    pub fn new(rate: SampleRate, layout: Layout) -> Self {
        Self { rate, layout }
    }

    /// The rate of the frames.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Takes bytes as they came (any length, odd ones too) and calls `frame` with each whole frame.
    pub fn push(&mut self, bytes: &[u8], mut frame: impl FnMut(&[i16])) {
        let _ = (bytes, &mut frame, self.layout);
        unimplemented!()
    }
}
