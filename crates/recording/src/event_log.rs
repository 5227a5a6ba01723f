//! The event log of one call while it lives.

use crate::scribe::Scribe;
use crate::state::{Fate, Written};
use crate::writer::{Job, Queue};
use call::{Input, Output};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Lines are handed over when they are so many bytes.
const BLOCK: usize = 8 * 1024;

/// Takes down what a call is told and what it wants done. Nothing here waits; dropped without [`EventLog::end`], the log has no end.
pub struct EventLog {
    queue: Queue,
    file: u64,
    fate: Fate,
    scribe: Scribe,
    lines: String,
}

impl EventLog {
    pub(crate) fn new(queue: Queue, path: PathBuf, scribe: Scribe, first: String) -> Self {
        let (file, fate) = (queue.file(), Fate::default());
        // Where nobody writes any more, nobody minds.
        let _ = queue.send(Job::OpenLog {
            file,
            path,
            first,
            fate: fate.clone(),
        });
        Self {
            queue,
            file,
            fate,
            scribe,
            lines: String::new(),
        }
    }

    /// The call is told this now.
    pub fn input(&mut self, input: &Input, now: Instant) {
        let line = self.scribe.input(input, now);
        self.add(&line, now);
    }

    /// The call is told that it is now.
    pub fn timeout(&mut self, now: Instant) {
        let line = self.scribe.timeout(now);
        self.add(&line, now);
    }

    /// The call wants this done.
    pub fn output(&mut self, output: &Output, now: Instant) {
        let line = self.scribe.output(output, now);
        self.add(&line, now);
    }

    /// From now on what the caller says and presses is for nobody else, or no longer is.
    pub fn private(&mut self, private: bool, now: Instant) {
        let line = self.scribe.private(private, now);
        self.add(&line, now);
    }

    /// So much of the recording was lost.
    pub fn sound_lost(&mut self, lost: Duration, now: Instant) {
        let line = self.scribe.sound_lost(lost, now);
        self.add(&line, now);
    }

    /// How much of it is on the disk.
    pub fn written(&self) -> Written {
        self.fate.written()
    }

    /// Hands over what there is.
    pub fn flush(&mut self, now: Instant) {
        if self.lines.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.lines);
        let job = Job::Lines {
            file: self.file,
            text,
        };
        if let Err(Job::Lines { text, .. }) = self.queue.send(job) {
            tracing::debug!(
                bytes = text.len(),
                "the disk is too slow: lines of an event log are lost"
            );
            self.lines = self.scribe.lost(&text, now);
        }
    }

    /// The call is over.
    pub fn end(mut self, now: Instant) {
        let line = self.scribe.end(now);
        self.lines.push_str(&line);
        self.flush(now);
    }

    fn add(&mut self, line: &str, now: Instant) {
        self.lines.push_str(line);
        if self.lines.len() >= BLOCK {
            self.flush(now);
        }
    }
}

impl Drop for EventLog {
    /// What was written down before a panic explains it.
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.lines);
        if !text.is_empty() {
            let _ = self.queue.send(Job::Lines {
                file: self.file,
                text,
            });
        }
        let _ = self.queue.send(Job::CloseLog { file: self.file });
    }
}
