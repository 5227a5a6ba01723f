//! What is to be played to the caller: a queue of utterances, released at the pace of the leg's clock.

use crate::SampleRate;
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
#[derive(Debug)]
pub struct Playout<Id> {
    rate: SampleRate,
    _id: std::marker::PhantomData<Id>,
}

impl<Id: Copy + Eq + std::fmt::Debug> Playout<Id> {
    /// An empty playout that sends at most `lead` ahead of what the caller hears, and holds at most `hold`.
    pub fn new(rate: SampleRate, lead: Duration, hold: Duration) -> Self {
        let _ = (lead, hold);
        Self { rate, _id: std::marker::PhantomData }
    }

    /// The leg's rate.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Adds samples to an utterance, which is queued behind the others when new. False when the hold limit is
    /// reached and nothing was taken.
    pub fn push(&mut self, id: Id, samples: &[i16]) -> bool {
        let _ = (id, samples);
        unimplemented!()
    }

    /// No more samples will come for this utterance. (An utterance without any is finished at once, in its turn.)
    pub fn finish(&mut self, id: Id) {
        let _ = id;
        unimplemented!()
    }

    /// Stops releasing; what was released plays on (at most the lead).
    pub fn pause(&mut self, now: Instant) {
        let _ = now;
        unimplemented!()
    }

    /// Goes on from the next sample.
    pub fn resume(&mut self, now: Instant) {
        let _ = now;
        unimplemented!()
    }

    /// Drops all that was not yet released and forgets every queued utterance. Returns how much was dropped.
    pub fn clear(&mut self, now: Instant) -> Duration {
        let _ = now;
        unimplemented!()
    }

    /// Releases the next frame if it is due: at most 20 ms, into `frame` (cleared first). True if one was.
    pub fn release(&mut self, now: Instant, frame: &mut Vec<i16>) -> bool {
        let _ = (now, frame);
        unimplemented!()
    }

    /// When [`Playout::release`] or [`Playout::poll_played`] has something next, if at all without new input.
    pub fn next_due(&self) -> Option<Instant> {
        unimplemented!()
    }

    /// The utterance that the caller hears now and how much of it has been heard.
    pub fn position(&self, now: Instant) -> Option<(Id, Duration)> {
        let _ = now;
        unimplemented!()
    }

    /// The next utterance that has been heard to its end since the last call.
    pub fn poll_played(&mut self, now: Instant) -> Option<Played<Id>> {
        let _ = now;
        unimplemented!()
    }

    /// How often an utterance ran dry before it was finished.
    pub fn underruns(&self) -> u64 {
        unimplemented!()
    }
}
