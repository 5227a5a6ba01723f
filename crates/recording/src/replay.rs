//! A log fed into a fresh call: does it do the same?

use crate::log::{Log, Tail, What};
use call::{Call, Input, Output};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What came of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The verdict.
    pub verdict: Verdict,
    /// Outputs that were compared and found the same.
    pub same: u64,
    /// What the fresh call was told and put out, in order, with the nanoseconds since the call began.
    pub afresh: Vec<(u64, What)>,
}

/// Whether the fresh call did what the log says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every output is the same to the letter.
    Same,
    /// They are the same as far as the log goes, but it has no end: the process died, or the call still lives.
    SameSoFar,
    /// They are the same up to this line, where the log has a hole: what follows cannot be compared.
    Hole {
        /// The number of the line.
        line: usize,
        /// Lines that are missing.
        lost: u64,
    },
    /// They part.
    Parted(Box<Parted>),
}

/// Where a fresh call parts from the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Parted {
    /// The number of the line.
    pub line: usize,
    /// Nanoseconds since the call began.
    pub at: u64,
    /// What the log has; nothing where it ends.
    pub expected: Option<Output>,
    /// What the fresh call put out; nothing if it wanted nothing more.
    pub got: Option<Output>,
    /// The input before it, with the number of its line.
    pub after: Option<(usize, Told)>,
}

/// What a call was told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// This.
    Input(Input),
    /// That time had passed.
    Timeout,
}

/// Feeds the inputs of a log at their instants into a fresh call and compares what it puts out. After they have parted the rest is
/// fed in all the same, so that [`Replay::afresh`] is whole.
pub fn replay(log: &Log) -> Replay {
    let mut fresh = Fresh::new(log);
    for numbered in &log.lines {
        let (number, at) = (numbered.number, numbered.line.at);
        match &numbered.line.what {
            What::Input(input) => fresh.input(number, input, at),
            What::Timeout {} => fresh.timeout(number, at),
            What::Output(output) => fresh.compare(number, at, Some(output)),
            What::Lost(lost) => fresh.hole(number, *lost),
            What::Private(_) | What::SoundLost(_) | What::End(_) => {}
        }
    }
    fresh.finish(log)
}

struct Fresh {
    call: Call,
    base: Instant,
    /// What it put out and the log has not told yet.
    pending: VecDeque<Output>,
    after: Option<(usize, Told)>,
    ended: Option<Verdict>,
    same: u64,
    afresh: Vec<(u64, What)>,
}

impl Fresh {
    fn new(log: &Log) -> Self {
        let base = Instant::now();
        Self {
            call: Call::new(log.header.settings.clone(), base),
            base,
            pending: VecDeque::new(),
            after: None,
            ended: None,
            same: 0,
            afresh: Vec::new(),
        }
    }

    fn input(&mut self, number: usize, input: &Input, at: u64) {
        self.call
            .handle(input.clone(), self.base + Duration::from_nanos(at));
        self.after = Some((number, Told::Input(input.clone())));
        self.afresh.push((at, What::Input(input.clone())));
        self.take_outputs(at);
    }

    fn timeout(&mut self, number: usize, at: u64) {
        self.call.handle_timeout(self.base + Duration::from_nanos(at));
        self.after = Some((number, Told::Timeout));
        self.afresh.push((at, What::Timeout {}));
        self.take_outputs(at);
    }

    fn take_outputs(&mut self, at: u64) {
        while let Some(output) = self.call.poll_output() {
            self.afresh.push((at, What::Output(output.clone())));
            self.pending.push_back(output);
        }
    }

    fn compare(&mut self, line: usize, at: u64, expected: Option<&Output>) {
        if self.ended.is_some() {
            return;
        }
        let got = self.pending.pop_front();
        if got.as_ref() == expected {
            self.same += 1;
            return;
        }
        self.ended = Some(Verdict::Parted(Box::new(Parted {
            line,
            at,
            expected: expected.cloned(),
            got,
            after: self.after.take(),
        })));
    }

    fn hole(&mut self, line: usize, lost: u64) {
        self.ended.get_or_insert(Verdict::Hole { line, lost });
    }

    fn finish(mut self, log: &Log) -> Replay {
        let last = log.lines.last();
        let (line, at) = last.map_or((1, 0), |last| (last.number, last.line.at));
        match log.tail {
            Tail::Short { told, found } => {
                // Its last line may tell any number.
                let lines = |end: crate::End| {
                    end.inputs
                        .saturating_add(end.timeouts)
                        .saturating_add(end.outputs)
                };
                let lost = lines(told).abs_diff(lines(found)).saturating_add(found.lost);
                self.hole(line, lost);
            }
            // What a process had not written when it died is no difference.
            Tail::Open => {}
            Tail::Whole if self.pending.is_empty() => {}
            Tail::Whole => self.compare(line, at, None),
        }
        let whole = match log.tail {
            Tail::Open => Verdict::SameSoFar,
            Tail::Whole | Tail::Short { .. } => Verdict::Same,
        };
        Replay {
            verdict: self.ended.unwrap_or(whole),
            same: self.same,
            afresh: self.afresh,
        }
    }
}
