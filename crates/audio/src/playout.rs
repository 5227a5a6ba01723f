//! What is to be played to the caller: a queue of utterances, released at the pace of the leg's clock.

use crate::SampleRate;
use crate::clock::Clock;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far an utterance has been played, or that it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played<Id> {
    /// So much of it has reached the caller.
    Position(Id, Duration),
    /// It was finished by its source and has reached the caller whole.
    Finished(Id, Duration),
}

/// The queue of one leg. `Id` names an utterance.
///
/// Time is an argument, and must not run backwards. After each input the driver calls [`Playout::release`] and
/// [`Playout::poll_played`] until they have nothing more; [`Playout::next_due`] then tells when to come again.
///
/// Utterances are played in the order in which they were first pushed, each to its end: one that is never finished
/// holds those behind it back until [`Playout::clear`].
///
/// What was released counts as heard when the leg's clock has passed it. The clock starts with the first frame that is
/// released after a silence, so audio that arrives in real time passes at once and needs no timer.
///
/// Where the other end tells itself when it begins to play ([`Playout::told`]), the clock runs only through what
/// [`Playout::begins`] tells of. Such an end cannot hold what it was sent: what it has not played is kept here too, called back
/// at a pause and released again after it. Take what was heard by [`Playout::take_heard`].
#[derive(Debug)]
pub struct Playout<Id> {
    rate: SampleRate,
    /// The most that may be released and not yet heard.
    lead: u64,
    /// The most that may be queued and not yet released.
    hold: usize,
    /// Samples not yet released, of all utterances in their order.
    samples: VecDeque<i16>,
    /// Utterances not yet reported as finished.
    utterances: VecDeque<Utterance<Id>>,
    clock: Clock,
    /// What was released and not yet taken as heard, where the other end cannot hold it.
    kept: Option<VecDeque<i16>>,
    paused: bool,
    /// The utterance that is being released ran dry; if more of it comes, the caller heard a hole.
    ran_dry: bool,
    underruns: u64,
}

#[derive(Debug)]
struct Utterance<Id> {
    id: Id,
    pushed: u64,
    released: u64,
    /// What had been released of all before it, once it has begun.
    begin: u64,
    finished: bool,
    /// Whether [`Playout::poll_released`] has told that it was released whole.
    told: bool,
}

impl<Id> Utterance<Id> {
    fn unreleased(&self) -> u64 {
        self.pushed - self.released
    }

    fn is_released_whole(&self) -> bool {
        self.finished && self.unreleased() == 0
    }

    /// The count of released samples at which its last one is heard.
    fn end(&self) -> u64 {
        self.begin + self.pushed
    }
}

impl<Id: Copy + Eq + std::fmt::Debug> Playout<Id> {
    /// An empty playout that sends at most `lead` (but at least one frame) ahead of what the caller hears, and holds
    /// at most `hold` of audio not yet released.
    pub fn new(rate: SampleRate, lead: Duration, hold: Duration) -> Self {
        Self {
            rate,
            lead: rate.samples_in(lead).max(rate.frame_samples() as u64),
            hold: usize::try_from(rate.samples_in(hold)).unwrap_or(usize::MAX),
            samples: VecDeque::new(),
            utterances: VecDeque::new(),
            clock: Clock::stopped(rate),
            kept: None,
            paused: false,
            ran_dry: false,
            underruns: 0,
        }
    }

    /// One for an end that tells when it begins to play what it was sent, and cannot hold it.
    pub fn told(rate: SampleRate, lead: Duration, hold: Duration) -> Self {
        Self {
            clock: Clock::told(rate),
            kept: Some(VecDeque::new()),
            ..Self::new(rate, lead, hold)
        }
    }

    /// The leg's rate.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Adds samples to an utterance, which is queued behind the others when new. False when the hold limit would be
    /// exceeded and nothing was taken.
    ///
    /// After [`Playout::finish`] the same id begins a new utterance.
    pub fn push(&mut self, id: Id, samples: &[i16]) -> bool {
        if self.samples.len() + samples.len() > self.hold {
            return false;
        }
        self.append(id, samples);
        true
    }

    /// No more samples will come for this utterance. (An utterance without any is finished at once, in its turn.)
    /// Without effect on one that is finished and still queued.
    pub fn finish(&mut self, id: Id) {
        if let Some(open) = self.utterances.iter_mut().rfind(|u| u.id == id) {
            open.finished = true;
            return;
        }
        self.utterances.push_back(Utterance {
            id,
            pushed: 0,
            released: 0,
            begin: 0,
            finished: true,
            told: false,
        });
    }

    /// The other end begins to play the next `samples` of what it was sent, in their order; what was sent before has been heard.
    /// Without effect where the clock is our own.
    pub fn begins(&mut self, samples: usize, now: Instant) {
        if self.clock.begins(now, samples as u64) {
            self.underruns += 1;
        }
    }

    /// Whether what was released and not heard is kept, and released again after a pause.
    pub fn keeps_unheard(&self) -> bool {
        self.kept.is_some()
    }

    /// Appends what the caller has heard since the last call, where it is kept.
    pub fn take_heard(&mut self, now: Instant, heard: &mut Vec<i16>) {
        let unheard = self.clock.ahead(now) as usize;
        if let Some(kept) = &mut self.kept {
            let count = kept.len().saturating_sub(unheard);
            heard.extend(kept.drain(..count));
        }
    }

    /// What was released and not heard goes back to the front of what is to be released, where it is kept: the other end has
    /// dropped it. Returns how much that was.
    pub fn recall(&mut self, now: Instant) -> Duration {
        self.settle(now);
        let Some(kept) = &mut self.kept else {
            return Duration::ZERO;
        };
        let unheard = self.clock.call_back(now);
        let mut back = kept.split_off(kept.len().saturating_sub(unheard as usize));
        back.append(&mut self.samples);
        self.samples = back;
        let mut left = unheard;
        for utterance in self.utterances.iter_mut().rev() {
            let returned = left.min(utterance.released);
            left -= returned;
            utterance.released -= returned;
            utterance.told &= returned == 0;
        }
        self.ran_dry = false;
        self.rate.duration_of(unheard)
    }

    /// Stops at the sample that the caller hears now: nothing more is released, and the other end, which is told to
    /// hold, keeps what it has, or drops it where it is kept here.
    pub fn pause(&mut self, now: Instant) {
        self.settle(now);
        self.recall(now);
        self.paused = true;
        self.clock.hold(now);
    }

    /// Goes on from that sample.
    pub fn resume(&mut self, now: Instant) {
        self.settle(now);
        self.paused = false;
        self.clock.go_on(now);
    }

    /// Drops all that was not yet heard, at the other end too, which is told to; forgets every utterance and ends a
    /// pause. Returns how much was dropped. Ask [`Playout::position`] before.
    pub fn clear(&mut self, now: Instant) -> Duration {
        self.settle(now);
        let called_back = self.clock.call_back(now);
        if let Some(kept) = &mut self.kept {
            kept.truncate(kept.len().saturating_sub(called_back as usize));
        }
        let dropped = self.rate.duration_of(self.samples.len() as u64 + called_back);
        self.samples.clear();
        self.give_back_memory();
        self.utterances.clear();
        self.paused = false;
        self.ran_dry = false;
        dropped
    }

    /// Releases the next frame if it is due: at most 20 ms, into `frame` (cleared first). True if one was.
    ///
    /// A frame belongs to one utterance. Shorter than 20 ms is only the last one of an utterance.
    pub fn release(&mut self, now: Instant, frame: &mut Vec<i16>) -> bool {
        frame.clear();
        self.settle(now);
        let Some((index, length)) = self.next_frame() else {
            return false;
        };
        if self.clock.ahead(now) + length as u64 > self.lead {
            return false;
        }
        let ran_dry = std::mem::take(&mut self.ran_dry);
        let utterance = &mut self.utterances[index];
        if utterance.released == 0 {
            utterance.begin = self.clock.released();
        } else if ran_dry {
            self.underruns += 1;
        }
        utterance.released += length as u64;
        self.clock.release(now, length as u64);
        self.take_front(length, frame);
        if let Some(kept) = &mut self.kept {
            kept.extend(&*frame);
        }
        true
    }

    /// Samples that were released and that the caller has yet to hear. None, and what is released next begins to be heard at once.
    pub fn unheard(&self, now: Instant) -> u64 {
        self.clock.ahead(now)
    }

    /// Whether something of this utterance, which is still queued or heard, has been released.
    pub fn has_begun(&self, id: Id) -> bool {
        self.utterances.iter().any(|u| u.id == id && u.released > 0)
    }

    /// The next utterance whose last sample has been released since the last call, once each: the place for a mark in
    /// the stream. It is heard up to the lead later.
    pub fn poll_released(&mut self) -> Option<Id> {
        let whole = self
            .utterances
            .iter_mut()
            .take_while(|u| u.is_released_whole())
            .find(|u| !u.told)?;
        whole.told = true;
        Some(whole.id)
    }

    /// When [`Playout::release`] or [`Playout::poll_played`] has something next, if at all without new input.
    ///
    /// `None` when all that is queued has been released and nothing that is finished is still on its way to the
    /// caller. Holds after both were called until they had nothing more.
    pub fn next_due(&self) -> Option<Instant> {
        let frame = self.next_frame().and_then(|(_, length)| {
            let heard = (self.clock.released() + length as u64).saturating_sub(self.lead);
            self.clock.hears(heard)
        });
        let end = self
            .utterances
            .front()
            .filter(|u| u.is_released_whole())
            .and_then(|u| self.clock.hears(u.end()));
        frame.into_iter().chain(end).min()
    }

    /// The utterance that the caller hears now, or heard last, and how much of it has been heard. `None` before
    /// anything was released and when all has been reported as finished.
    pub fn position(&self, now: Instant) -> Option<(Id, Duration)> {
        let heard = self.clock.heard(now);
        let begun = || self.utterances.iter().filter(|u| u.released > 0);
        let current = begun()
            .take_while(|u| u.begin < heard)
            .last()
            .or_else(|| begun().next())?;
        let samples = heard.saturating_sub(current.begin).min(current.released);
        Some((current.id, self.rate.duration_of(samples)))
    }

    /// The next utterance that has been heard to its end since the last call: always [`Played::Finished`] with its
    /// whole length, once for each finished utterance, in their order.
    pub fn poll_played(&mut self, now: Instant) -> Option<Played<Id>> {
        let first = self.utterances.front()?;
        if !first.is_released_whole() || (first.pushed > 0 && self.clock.heard(now) < first.end()) {
            return None;
        }
        let first = self.utterances.pop_front()?;
        Some(Played::Finished(first.id, self.rate.duration_of(first.pushed)))
    }

    /// How often the caller heard a hole inside an utterance: it ran dry before it was finished, and then more came.
    pub fn underruns(&self) -> u64 {
        self.underruns
    }

    fn append(&mut self, id: Id, samples: &[i16]) {
        let count = samples.len() as u64;
        let Some(index) = self.utterances.iter().rposition(|u| u.id == id && !u.finished) else {
            self.samples.extend(samples);
            self.utterances.push_back(Utterance {
                id,
                pushed: count,
                released: 0,
                begin: 0,
                finished: false,
                told: false,
            });
            return;
        };
        self.utterances[index].pushed += count;
        let behind: u64 = self
            .utterances
            .iter()
            .skip(index + 1)
            .map(Utterance::unreleased)
            .sum();
        self.samples.extend(samples);
        if behind > 0 {
            // Another utterance already waits behind this one: its samples must stay last.
            let tail = self.samples.len() - samples.len() - behind as usize;
            self.samples.make_contiguous()[tail..].rotate_right(samples.len());
        }
    }

    /// The utterance whose turn it is and the length of its next frame.
    fn next_frame(&self) -> Option<(usize, usize)> {
        if self.paused {
            return None;
        }
        let index = self.utterances.iter().position(|u| !u.is_released_whole())?;
        let utterance = &self.utterances[index];
        let whole = self.rate.frame_samples();
        let length = utterance.unreleased().min(whole as u64) as usize;
        let may_be_short = utterance.finished;
        (length == whole || may_be_short).then_some((index, length))
    }

    /// Stops a clock that has nothing left to play, and remembers a hole.
    fn settle(&mut self, now: Instant) {
        if !self.clock.stop_if_dry(now) || self.paused {
            return;
        }
        let current = self.utterances.iter().find(|u| !u.is_released_whole());
        self.ran_dry = current.is_some_and(|u| u.released > 0);
    }

    fn take_front(&mut self, length: usize, frame: &mut Vec<i16>) {
        let (front, back) = self.samples.as_slices();
        let first = length.min(front.len());
        frame.extend_from_slice(&front[..first]);
        frame.extend_from_slice(&back[..length - first]);
        self.samples.drain(..length);
        if self.samples.is_empty() {
            self.give_back_memory();
        }
    }

    /// A long answer may have needed megabytes; audio in real time never needs a second.
    fn give_back_memory(&mut self) {
        let second = self.rate.hz() as usize;
        if self.samples.capacity() > second {
            self.samples.shrink_to(second / 4);
        }
    }
}
