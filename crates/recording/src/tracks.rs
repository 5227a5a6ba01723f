//! Both voices of a call on one timeline.
//!
//! The caller's audio comes when the network brings it: late in bursts, with holes, by a clock that is not ours. The secretary's is
//! placed where the playout's clock says that it is heard. What is older than [`LAG`] is settled and can be taken.

use audio::{Resampler, SampleRate};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long the timeline waits for audio that is late.
const LAG: Duration = Duration::from_secs(1);
/// Audio within so much of its time is on time: the pace of the modules' messages and the usual jitter.
const TOLERANCE: Duration = Duration::from_millis(120);
/// Audio that stays late for so long is not catching up: before it was a hole.
const PATIENCE: Duration = Duration::from_millis(400);

/// Puts both voices side by side: left the caller, right the secretary.
#[derive(Debug)]
pub struct Tracks {
    rate: SampleRate,
    started: Instant,
    /// Samples of each track that were taken.
    taken: u64,
    caller: Caller,
    secretary: Secretary,
}

/// The caller's track from [`Tracks::taken`] on.
#[derive(Debug, Default)]
struct Caller {
    samples: VecDeque<i16>,
    /// Where audio began to be late (on the timeline), and when that was.
    late: Option<(u64, Instant)>,
    conversion: Option<(SampleRate, Resampler)>,
    converted: Vec<i16>,
}

/// The secretary's track from [`Tracks::taken`] on.
#[derive(Debug, Default)]
struct Secretary {
    samples: VecDeque<i16>,
    /// Sent to the leg and not heard yet.
    ahead: VecDeque<i16>,
}

impl Tracks {
    /// The timeline of a call that begins at `started`.
    pub fn new(rate: SampleRate, started: Instant) -> Self {
        Self {
            rate,
            started,
            taken: 0,
            caller: Caller::default(),
            secretary: Secretary::default(),
        }
    }

    /// The rate of both tracks.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// A frame of the caller's has come, at the rate that it has.
    pub fn caller(&mut self, frame: &[i16], rate: SampleRate, now: Instant) {
        let mut converted = std::mem::take(&mut self.caller.converted);
        let frame = self.caller.convert(frame, rate, self.rate, &mut converted);
        let due = self.place_of(now);
        let tolerance = self.rate.samples_in(TOLERANCE);
        let end = self.taken + (self.caller.samples.len() + frame.len()) as u64;
        if end > due + tolerance {
            // The other clock is faster than ours: this frame is left out.
        } else {
            let begin = end - frame.len() as u64;
            if end + tolerance >= due {
                self.caller.late = None;
            } else if self.caller.late.is_none() {
                self.caller.late = Some((begin, now));
            }
            self.caller.samples.extend(frame);
        }
        self.caller.converted = converted;
        self.fill_hole(now);
    }

    /// Frames that have been late for long are on time; before them was a hole.
    fn fill_hole(&mut self, now: Instant) {
        let Some((place, since)) = self.caller.late else {
            return;
        };
        if now.saturating_duration_since(since) >= PATIENCE {
            self.insert_hole(place, now);
        }
    }

    fn insert_hole(&mut self, place: u64, now: Instant) {
        self.caller.late = None;
        let due = self.place_of(now);
        let end = self.taken + self.caller.samples.len() as u64;
        let hole = due.saturating_sub(end) as usize;
        let at = place
            .saturating_sub(self.taken)
            .min(self.caller.samples.len() as u64) as usize;
        let tail = self.caller.samples.split_off(at);
        self.caller.samples.resize(at + hole, 0);
        self.caller.samples.extend(tail);
    }

    /// A frame goes to the leg; it is heard later. Tell [`Tracks::unheard`] before.
    pub fn sent(&mut self, frame: &[i16]) {
        self.secretary.ahead.extend(frame);
    }

    /// Of what was sent so many samples are still to be heard. To be told before each frame that is sent, each pause and each going
    /// on, and now and then.
    pub fn unheard(&mut self, count: u64, now: Instant) {
        let place = self.place_of(now);
        let Self { taken, secretary, .. } = self;
        let heard = secretary.ahead.len().saturating_sub(count as usize);
        secretary.samples.extend(secretary.ahead.drain(..heard));
        // Between two tellings audio is heard at once and then, if ever, there is none. Two clocks that count whole samples differ
        // by one at most; that is no pause.
        let end = *taken + secretary.samples.len() as u64;
        if place > end + 1 {
            secretary.samples.resize((place - *taken) as usize, 0);
        }
    }

    /// What was sent and not heard is called back. Tell [`Tracks::unheard`] before.
    pub fn called_back(&mut self) {
        self.secretary.ahead.clear();
    }

    /// Takes what is settled by now into `interleaved`: left, right, left, … Tell [`Tracks::unheard`] before.
    pub fn take(&mut self, now: Instant, interleaved: &mut Vec<i16>) {
        self.fill_hole(now);
        let settled = self.place_of(now).saturating_sub(self.rate.samples_in(LAG));
        // What is late may still have to move.
        let late = self.caller.late.map_or(u64::MAX, |(place, _)| place);
        self.take_to(settled.min(late), interleaved);
    }

    /// Takes all that there is. Tell [`Tracks::unheard`] before.
    pub fn finish(&mut self, now: Instant, interleaved: &mut Vec<i16>) {
        if let Some((place, _)) = self.caller.late {
            self.insert_hole(place, now);
        }
        let caller = self.taken + self.caller.samples.len() as u64;
        self.take_to(self.place_of(now).max(caller), interleaved);
    }

    fn take_to(&mut self, place: u64, interleaved: &mut Vec<i16>) {
        let count = place.saturating_sub(self.taken) as usize;
        self.taken += count as u64;
        interleaved.reserve(2 * count);
        for _ in 0..count {
            interleaved.push(self.caller.samples.pop_front().unwrap_or(0));
            interleaved.push(self.secretary.samples.pop_front().unwrap_or(0));
        }
    }

    fn place_of(&self, now: Instant) -> u64 {
        self.rate.samples_in(now.saturating_duration_since(self.started))
    }
}

impl Caller {
    /// The frame at the timeline's rate: a leg may turn out to have another one than it said.
    fn convert<'a>(
        &mut self,
        frame: &'a [i16],
        from: SampleRate,
        to: SampleRate,
        converted: &'a mut Vec<i16>,
    ) -> &'a [i16] {
        if from == to {
            return frame;
        }
        if self.conversion.as_ref().is_none_or(|(rate, _)| *rate != from) {
            self.conversion = Some((from, Resampler::new(from, to)));
        }
        converted.clear();
        if let Some((_, resampler)) = &mut self.conversion {
            resampler.push(frame, converted);
        }
        converted
    }
}
