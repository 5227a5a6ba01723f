//! What is said at a phone, and what reaches its ear.

use super::Codec;
use crate::line::Line;
use std::collections::VecDeque;
use std::time::Instant;

/// How a stretch of sound came to the ear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A datagram of `unicast`.
    Unicast,
    /// A file or a tone that was played.
    Playback,
}

/// A stretch of sound that reached the ear.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// When its first sample was heard.
    pub at: Instant,
    /// The samples, at the channel's rate.
    pub samples: Vec<i16>,
    /// From where.
    pub source: Source,
}

/// The mouth and the ear at a phone.
pub(super) struct Sound {
    line: Line,
    mouth: VecDeque<i16>,
    heard: Vec<Heard>,
    /// What was played and no stream has taken yet, where one takes it.
    played: Option<VecDeque<i16>>,
}

impl Sound {
    pub(super) fn new(codec: &Codec) -> Self {
        let line = match codec.name.as_str() {
            "PCMU" => Line::Ulaw,
            "PCMA" => Line::Alaw,
            _ => Line::Pcm,
        };
        Self {
            line,
            mouth: VecDeque::new(),
            heard: Vec::new(),
            played: None,
        }
    }

    pub(super) fn say(&mut self, samples: &[i16]) {
        self.mouth.extend(samples);
    }

    /// Whether there is something left to say.
    pub(super) fn speaks(&self) -> bool {
        !self.mouth.is_empty()
    }

    /// The next samples of what is said, silence where nothing is, as they are behind the codec.
    pub(super) fn next(&mut self, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|_| self.line.carry(self.mouth.pop_front().unwrap_or_default()))
            .collect()
    }

    pub(super) fn hear(&mut self, samples: Vec<i16>, source: Source) {
        let at = Instant::now();
        if let Some(played) = &mut self.played {
            played.extend(&samples);
        }
        self.heard.push(Heard { at, samples, source });
    }

    /// From now on what is played is kept for a stream, or no longer.
    pub(super) fn keep_played(&mut self, kept: bool) {
        self.played = kept.then(VecDeque::new);
    }

    /// The next samples of what was played for a stream; none where nothing was.
    pub(super) fn played(&mut self, samples: usize) -> Option<Vec<i16>> {
        let played = self.played.as_mut().filter(|played| played.len() >= samples)?;
        Some(played.drain(..samples).collect())
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.clone()
    }
}
