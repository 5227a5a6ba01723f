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

impl Layout {
    /// Bytes of one sample of all channels.
    pub const fn sample_bytes(self) -> usize {
        match self {
            Self::Mono | Self::Mixed => 2,
            Self::Stereo => 4,
        }
    }
}

/// Cuts signed 16-bit little-endian bytes into mono frames of 20 ms of the caller's voice.
///
/// When the leg turns out to send another rate or layout, begin anew with another framer: less than one frame is lost.
#[derive(Debug)]
pub struct Framer {
    rate: SampleRate,
    layout: Layout,
    /// The frame being filled; its capacity is a whole frame from the start.
    frame: Vec<i16>,
    /// The first bytes of a sample whose others have not come yet.
    cut: [u8; Layout::Stereo.sample_bytes()],
    cut_len: usize,
}

impl Framer {
    /// A framer for a leg that sends this rate and layout.
    pub fn new(rate: SampleRate, layout: Layout) -> Self {
        let frame = Vec::with_capacity(rate.frame_samples());
        Self {
            rate,
            layout,
            frame,
            cut: Default::default(),
            cut_len: 0,
        }
    }

    /// The rate of the frames.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The layout of the bytes.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Takes bytes as they came (any length, odd ones too) and calls `frame` with each whole frame.
    pub fn push(&mut self, bytes: &[u8], mut frame: impl FnMut(&[i16])) {
        let width = self.layout.sample_bytes();
        let rest = self.complete_cut(bytes, &mut frame);
        let (mut whole, cut) = rest.split_at(rest.len() - rest.len() % width);
        while !whole.is_empty() {
            let room = self.rate.frame_samples() - self.frame.len();
            let (now, later) = whole.split_at(whole.len().min(room * width));
            let left = now
                .chunks_exact(width)
                .map(|sample| i16::from_le_bytes([sample[0], sample[1]]));
            self.frame.extend(left);
            self.give_whole(&mut frame);
            whole = later;
        }
        self.cut[self.cut_len..self.cut_len + cut.len()].copy_from_slice(cut);
        self.cut_len += cut.len();
    }

    /// Completes a sample that was cut between two pushes; returns the bytes after it.
    fn complete_cut<'a>(&mut self, bytes: &'a [u8], frame: &mut impl FnMut(&[i16])) -> &'a [u8] {
        if self.cut_len == 0 {
            return bytes;
        }
        let width = self.layout.sample_bytes();
        let (missing, rest) = bytes.split_at(bytes.len().min(width - self.cut_len));
        self.cut[self.cut_len..self.cut_len + missing.len()].copy_from_slice(missing);
        self.cut_len += missing.len();
        if self.cut_len == width {
            self.cut_len = 0;
            self.frame.push(i16::from_le_bytes([self.cut[0], self.cut[1]]));
            self.give_whole(frame);
        }
        rest
    }

    fn give_whole(&mut self, frame: &mut impl FnMut(&[i16])) {
        if self.frame.len() == self.rate.frame_samples() {
            frame(&self.frame);
            self.frame.clear();
        }
    }
}
