//! The caller's ear: what the server sends, queued and played by the caller's own clock.
//!
//! Time is a count of samples at the leg's rate. Whoever drives it moves it to the present before every message, so
//! a pause or a clear takes effect at the sample of its arrival.

use audio::SampleRate;
use std::collections::VecDeque;
use std::time::Duration;

/// Softer than this (−44 dB) the assistant is silent to a caller.
const AUDIBLE: i16 = 200;
/// A server that never sends a mark has finished an utterance when nothing came for so long.
const UNMARKED_END: Duration = Duration::from_millis(600);

/// What the caller notices while playing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The first audible sample of an utterance.
    Begins { utterance: u32 },
    /// An utterance was played to its end, and its last audible sample lies just before `silent_from`.
    Ends {
        utterance: u32,
        silent_from: u64,
        cut: bool,
    },
    /// A mark was reached.
    Mark(String),
    /// An utterance went on after a hole of so many samples.
    Underrun { gap: u64 },
}

/// An utterance of the assistant that is being played.
#[derive(Debug, Clone, Copy)]
struct Utterance {
    audible_since: Option<u64>,
    /// One past its last audible sample so far.
    silent_from: u64,
    /// One past its last sample played so far.
    played_to: u64,
    /// Where it ran dry, while it is and nobody holds it.
    dry_since: Option<u64>,
}

/// The queue of what was received, and what has become of it.
#[derive(Debug)]
pub(crate) struct Playback {
    now: u64,
    queue: VecDeque<i16>,
    /// Marks by the count of queued samples (since the last clear) that come before them.
    marks: VecDeque<(u64, String)>,
    queued: u64,
    played: u64,
    held: bool,
    marked: bool,
    unmarked_end: u64,
    utterance: Option<Utterance>,
    utterances: u32,
    heard: Vec<i16>,
}

impl Playback {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            now: 0,
            queue: VecDeque::new(),
            marks: VecDeque::new(),
            queued: 0,
            played: 0,
            held: false,
            marked: false,
            unmarked_end: rate.samples_in(UNMARKED_END),
            utterance: None,
            utterances: 0,
            heard: Vec::new(),
        }
    }

    /// All that was played so far, silence included.
    pub(crate) fn heard(&self) -> &[i16] {
        &self.heard
    }

    pub(crate) fn into_heard(self) -> Vec<i16> {
        self.heard
    }

    /// Utterances of which something was audible.
    pub(crate) fn utterances(&self) -> u32 {
        self.utterances
    }

    /// True while an utterance has begun and has not ended: playing, held or run dry.
    pub(crate) fn speaking(&self) -> bool {
        self.utterance
            .is_some_and(|utterance| utterance.audible_since.is_some())
    }

    /// True while samples of an utterance are being played at this moment.
    pub(crate) fn sounding(&self) -> bool {
        let going_on =
            |utterance: Utterance| utterance.audible_since.is_some() && utterance.dry_since.is_none();
        !self.held && self.utterance.is_some_and(going_on)
    }

    pub(crate) fn held(&self) -> bool {
        self.held
    }

    /// One past the last sample that was played of the present utterance, however soft.
    pub(crate) fn last_played(&self) -> Option<u64> {
        self.utterance.map(|utterance| utterance.played_to)
    }

    pub(crate) fn queue(&mut self, bytes: &[u8]) {
        let before = self.queue.len();
        self.queue.extend(
            bytes
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]])),
        );
        self.queued += (self.queue.len() - before) as u64;
    }

    pub(crate) fn mark(&mut self, name: String) {
        self.marked = true;
        self.marks.push_back((self.queued, name));
    }

    pub(crate) fn pause(&mut self) {
        self.held = true;
        if let Some(utterance) = &mut self.utterance {
            utterance.dry_since = None;
        }
    }

    /// False when nothing was held.
    pub(crate) fn resume(&mut self) -> bool {
        std::mem::take(&mut self.held)
    }

    /// Drops what is queued, marks too, and ends a hold. Returns how many samples were dropped.
    pub(crate) fn clear(&mut self, mut notice: impl FnMut(u64, Heard)) -> u64 {
        let dropped = self.queue.len() as u64;
        self.queue.clear();
        self.marks.clear();
        self.queued = 0;
        self.played = 0;
        self.held = false;
        self.end_utterance(true, &mut notice);
        dropped
    }

    /// Plays on to a moment, and tells what is noticed and when.
    pub(crate) fn play_to(&mut self, moment: u64, mut notice: impl FnMut(u64, Heard)) {
        loop {
            self.reach_marks(&mut notice);
            if self.now >= moment {
                return;
            }
            let missing = moment - self.now;
            if self.held || self.queue.is_empty() {
                self.stay_silent(missing, &mut notice);
                continue;
            }
            let to_mark = self
                .marks
                .front()
                .map_or(u64::MAX, |(at, _)| at.saturating_sub(self.played));
            self.play(missing.min(to_mark).min(self.queue.len() as u64), &mut notice);
        }
    }

    fn play(&mut self, count: u64, notice: &mut impl FnMut(u64, Heard)) {
        let now = self.now;
        let fresh = Utterance {
            audible_since: None,
            silent_from: now,
            played_to: now,
            dry_since: None,
        };
        let utterance = self.utterance.get_or_insert(fresh);
        if let Some(since) = utterance.dry_since.take().filter(|since| *since < now) {
            notice(since, Heard::Underrun { gap: now - since });
        }
        let start = self.heard.len();
        self.heard.extend(self.queue.drain(..count as usize));
        let audible = |sample: &i16| sample.saturating_abs() >= AUDIBLE;
        let played = &self.heard[start..];
        if let Some((first, last)) = played
            .iter()
            .position(audible)
            .zip(played.iter().rposition(audible))
        {
            utterance.silent_from = now + last as u64 + 1;
            if utterance.audible_since.is_none() {
                utterance.audible_since = Some(now + first as u64);
                self.utterances += 1;
                notice(
                    now + first as u64,
                    Heard::Begins {
                        utterance: self.utterances,
                    },
                );
            }
        }
        utterance.played_to = now + count;
        self.now += count;
        self.played += count;
    }

    fn stay_silent(&mut self, count: u64, notice: &mut impl FnMut(u64, Heard)) {
        if !self.held
            && let Some(utterance) = &mut self.utterance
        {
            utterance.dry_since.get_or_insert(self.now);
        }
        self.now += count;
        self.heard.resize(self.heard.len() + count as usize, 0);
        let dry = self.utterance.and_then(|utterance| utterance.dry_since);
        if !self.marked && !self.held && dry.is_some_and(|since| self.now - since >= self.unmarked_end) {
            self.end_utterance(false, notice);
        }
    }

    fn reach_marks(&mut self, notice: &mut impl FnMut(u64, Heard)) {
        while !self.held && self.marks.front().is_some_and(|(at, _)| *at <= self.played) {
            let Some((_, name)) = self.marks.pop_front() else {
                return;
            };
            self.end_utterance(false, notice);
            notice(self.now, Heard::Mark(name));
        }
    }

    fn end_utterance(&mut self, cut: bool, notice: &mut impl FnMut(u64, Heard)) {
        let Some(ended) = self.utterance.take() else {
            return;
        };
        if ended.audible_since.is_some() {
            notice(
                self.now,
                Heard::Ends {
                    utterance: self.utterances,
                    silent_from: ended.silent_from,
                    cut,
                },
            );
        }
    }
}
