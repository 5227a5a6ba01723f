//! Writes the lines of one call's event log, masked.

use crate::log::{End, Header, Line, What};
use crate::mask::Mask;
use call::{Input, Output};
use secretary::{Destination, Privacy};
use std::time::{Duration, Instant};

/// The writer of one log. Each method returns whole lines, each with its line feed.
#[derive(Debug)]
pub struct Scribe {
    mask: Mask,
    started: Instant,
    counts: End,
}

impl Scribe {
    /// The log of a call that began at `started`, and its first line. The header's settings are the call's own, not masked yet;
    /// the destinations are the secretary's, whose names stay readable.
    pub fn begin(
        mut header: Header,
        privacy: &Privacy,
        destinations: &[Destination],
        started: Instant,
    ) -> (Self, String) {
        let mask = Mask::new(&header.settings, privacy, destinations);
        header.settings = mask.settings(&header.settings);
        let scribe = Self {
            mask,
            started,
            counts: End::default(),
        };
        (scribe, json(&header))
    }

    /// The call is told this now.
    pub fn input(&mut self, input: &Input, now: Instant) -> String {
        let masked = self.mask.input(input);
        self.line(What::Input(masked), now)
    }

    /// The call is told that it is now.
    pub fn timeout(&mut self, now: Instant) -> String {
        self.line(What::Timeout {}, now)
    }

    /// The call wanted this done.
    pub fn output(&mut self, output: &Output, now: Instant) -> String {
        let masked = self.mask.output(output);
        self.line(What::Output(masked), now)
    }

    /// From now on what the caller says and presses is masked whole, or no longer is.
    pub fn private(&mut self, private: bool, now: Instant) -> String {
        self.mask.set_private(private);
        self.line(What::Private(private), now)
    }

    /// Takes back lines that could not be written and says so in their place.
    pub fn lost(&mut self, lines: &str, now: Instant) -> String {
        let mut missing = 0_u64;
        for line in lines.lines() {
            missing += 1;
            if let Ok(Line { what, .. }) = serde_json::from_str(line) {
                self.counts.uncount(&what);
                if let What::Lost(lost) = what {
                    missing = missing.saturating_add(lost).saturating_sub(1);
                }
            }
        }
        self.line(What::Lost(missing), now)
    }

    /// So much of the recording is lost.
    pub fn sound_lost(&mut self, lost: Duration, now: Instant) -> String {
        let ms = u64::try_from(lost.as_millis()).unwrap_or(u64::MAX);
        self.line(What::SoundLost(ms), now)
    }

    /// The call is over.
    pub fn end(&mut self, now: Instant) -> String {
        self.line(What::End(self.counts), now)
    }

    fn line(&mut self, what: What, now: Instant) -> String {
        self.counts.count(&what);
        let since = now.saturating_duration_since(self.started);
        json(&Line {
            at: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            what,
        })
    }
}

fn json(value: &impl serde::Serialize) -> String {
    // Our own types have text keys alone, and a String takes every write. An empty line is left out by readers.
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}
