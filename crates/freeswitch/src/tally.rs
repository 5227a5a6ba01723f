//! What a connection counts of itself.

use crate::CommandError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds, in microseconds, by which answers are counted. FreeSWITCH 1.10.12 answers in some 150 (measured).
pub const ANSWER_BOUNDS_US: [u64; 11] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000,
];

/// What a [`Switch`](crate::Switch) has counted since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often it was connected.
    pub connects: u64,
    /// Commands for a channel that was gone.
    pub no_such_channel: u64,
    /// Commands that FreeSWITCH refused.
    pub failed: u64,
    /// Commands that could not be given, or whose connection was lost before the answer.
    pub not_connected: u64,
    /// Commands that were not answered in time.
    pub timed_out: u64,
    /// Answers, by the first of [`ANSWER_BOUNDS_US`] that they did not pass; those that passed all come last. What takes its time by
    /// nature (`bgapi`, `show channels`) is not among them.
    pub answers: [u64; ANSWER_BOUNDS_US.len() + 1],
    /// How long all of those took.
    pub waited: Duration,
}

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    connects: AtomicU64,
    no_such_channel: AtomicU64,
    failed: AtomicU64,
    not_connected: AtomicU64,
    timed_out: AtomicU64,
    answers: [AtomicU64; ANSWER_BOUNDS_US.len() + 1],
    waited_us: AtomicU64,
}

impl Tally {
    pub(crate) fn connected(&self) {
        self.connects.fetch_add(1, Relaxed);
    }

    /// An answer has come after so long.
    pub(crate) fn answered(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let within = ANSWER_BOUNDS_US.iter().position(|bound| us <= *bound);
        if let Some(count) = self.answers.get(within.unwrap_or(ANSWER_BOUNDS_US.len())) {
            count.fetch_add(1, Relaxed);
        }
        self.waited_us.fetch_add(us, Relaxed);
    }

    /// A command has come to nothing.
    pub(crate) fn came_to_nothing(&self, error: &CommandError) {
        let count = match error {
            CommandError::NoSuchChannel { .. } => &self.no_such_channel,
            CommandError::Failed { .. } => &self.failed,
            CommandError::NotConnected { .. } => &self.not_connected,
            CommandError::TimedOut { .. } => &self.timed_out,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Relaxed);
        Counts {
            connects: read(&self.connects),
            no_such_channel: read(&self.no_such_channel),
            failed: read(&self.failed),
            not_connected: read(&self.not_connected),
            timed_out: read(&self.timed_out),
            answers: self.answers.each_ref().map(read),
            waited: Duration::from_micros(read(&self.waited_us)),
        }
    }
}
