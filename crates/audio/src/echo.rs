//! Our own voice, taken out of what comes back from the caller.
//!
//! It comes back in two ways. A *mixed* stream is the caller plus what is played to him, added at unit gain; a *mono* stream may
//! still carry the echo of his line (a speakerphone, a hybrid), softer and through its codec. Both are treated alike: the delay is
//! found by correlation ([`search`]), the way back is imitated by an adaptive filter that begins as that mere delay ([`filter`])
//! and the imitated echo is subtracted, at the leg's own rate. What the filter leaves of the echo is muted ([`gate`]).
//!
//! Nothing that may be our own voice is passed on unchecked: when something is heard while we speak that the filter does not
//! explain, it is held back until a search has shown whether it is an echo with another delay, or 260 ms at most. So an
//! unknown delay, and one that jumps, cost the ear at most that, and only where it cannot be told at once who speaks. A line
//! that has shown no echo in half a second of our speech is passed on at once and unchanged.
//!
//! While a caller speaks over a known echo, what is passed on stays 200 ms behind him once he has been heard, so that a delay that
//! jumps then ([`follow`]) is put right before anybody hears it. Where one of the two falls silent the rest follows at once.

mod filter;
mod follow;
mod gate;
mod realign;
mod reference;
mod search;
mod track;
mod trust;

use crate::SampleRate;
use filter::Filter;
use gate::{Gate, INAUDIBLE, LINE_LEAKS, Levels, MIX_LEAKS};
use reference::Reference;
use search::LONGEST;
use std::time::{Duration, Instant};
use track::Track;
use trust::Trust;

/// What may come back of what is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// The echo of the caller's line, if it has one.
    Line,
    /// All of it, added to the caller: a mixed stream.
    Mix,
}

/// What is heard at once.
const FRAME: Duration = Duration::from_millis(20);
/// How long something unexplained is held back at most, in frames of 20 ms.
const HOLD: usize = 13;
/// Frames without anything unexplained after which it is over, and as many unexplained ones as make it a word: what is shorter
/// (a click, the tail of an echo whose delay has jumped) is muted.
const PAUSE: usize = 2;
const WORD: usize = 6;
/// Frames after such an end in which something else is held back less long: it may have been the closure of a "t". A delay that
/// jumps is found sooner in a mixed stream.
const CLOSURE: u32 = 20;
const AGAIN_ON_A_LINE: usize = 9;
const AGAIN_IN_A_MIX: usize = 6;
/// Frames of what is unexplained that a search wants to see.
const SEARCHABLE: usize = 2;
/// Frames after the last unexplained one for which a caller is thought to speak still.
const BREATH: u32 = 15;
/// Of those, for which nothing is muted: words have soft ends.
const SOFT_END: u32 = 10;
/// How far behind him what is passed on stays while a caller speaks over an echo, in frames: a delay that jumps is known only some
/// frames later, and what was subtracted wrongly since then is put right before anybody hears it.
const BEHIND: usize = 10;
/// Frames without anything unexplained after which the rest follows: longer than the closure of a "t", and so short that the ear, which
/// waits for 224 ms without speech, tells its end no later.
const CATCH_UP: u32 = 6;
/// His first frames, which go on at once: whoever interrupts us is to be heard soon.
const AT_ONCE: u32 = 6;
/// How often it is searched while a caller speaks over an echo that is not known, in frames.
const SEARCH_AGAIN: u32 = 4;
/// The same while the known one is not where it was.
const SEARCH_SOON: u32 = 2;
/// Frames of our speech of which nothing came back that show a line without echo: half a second.
const CLEAR_LINE: u32 = 25;
/// As a mean square, what is loud enough that an echo of it at -30 dB would not be lost in the noise: -40 dB of full scale.
const LOUD: f32 = 1e-4;
/// What is remembered of both directions beyond the longest way back.
const MEMORY: Duration = Duration::from_millis(660);
/// Of what came in, for the search and for learning.
const CAPTURED: Duration = Duration::from_millis(280);

/// Takes our own voice out of one leg's audio.
///
/// The driver tells what it plays ([`EchoCanceller::released`], [`EchoCanceller::paused`], …) and gives what it captures to
/// [`EchoCanceller::hear`]. Time must not run backwards. Nothing is allocated from frame to frame, but for a search (once a
/// thread) and when an echo is found (once a call).
pub struct EchoCanceller {
    rate: SampleRate,
    back: Return,
    block: usize,
    reference: Reference,
    /// As it came, and without the imitated echo.
    captured: Track,
    left: Track,
    filter: Option<Filter>,
    gate: Gate,
    /// In the filter, while a caller speaks.
    trust: Trust,
    mind: Mind,
    /// Frames at the end of `captured` that were not passed on yet.
    held: [Levels; HOLD],
    holding: usize,
    /// The same while a caller speaks.
    behind: usize,
    /// What was behind when audio was missed: to be passed on with the next frame.
    due: Vec<i16>,
    /// Frames of our speech of which nothing came back, until something did.
    nothing_back: u32,
    /// Frames since something that was held back was over by itself.
    since_over: u32,
    /// Whether the last frame was muted.
    muted: bool,
    echo: Vec<f32>,
    frame: Vec<f32>,
    /// The frame without the imitated echo, also where that is not believed.
    whole: Vec<f32>,
    out: Vec<f32>,
}

/// What is thought of what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mind {
    /// Nothing but what is known.
    Calm,
    /// Something that is being looked into.
    Checking,
    /// Somebody speaks; so many frames ago for the last time.
    Caller { quiet: u32, frames: u32 },
}

const SPEAKS: Mind = Mind::Caller { quiet: 0, frames: 0 };

impl EchoCanceller {
    /// For a leg that captures and plays at `rate`.
    pub fn new(rate: SampleRate, back: Return) -> Self {
        let frame = rate.frame_samples();
        let block = frame / 2;
        let remembered = rate.samples_in(LONGEST + MEMORY) as usize;
        let captured = || Track::new(rate.samples_in(CAPTURED) as usize);
        Self {
            rate,
            back,
            block,
            reference: Reference::new(rate, remembered),
            captured: captured(),
            left: captured(),
            filter: None,
            gate: Gate::new(match back {
                Return::Line => LINE_LEAKS,
                Return::Mix => MIX_LEAKS,
            }),
            trust: Trust::full(),
            mind: Mind::Calm,
            held: [Levels::default(); HOLD],
            holding: 0,
            behind: 0,
            due: Vec::new(),
            nothing_back: 0,
            since_over: CLOSURE,
            muted: false,
            echo: vec![0.0; frame],
            frame: vec![0.0; frame],
            whole: vec![0.0; frame],
            out: vec![0.0; frame],
        }
    }

    /// These samples were released to be played behind `unheard` others that the caller has yet to hear.
    pub fn released(&mut self, samples: &[i16], unheard: u64, now: Instant) {
        self.reference.released(samples, unheard, now);
    }

    /// The other end was told to hold the last `unheard` samples.
    pub fn paused(&mut self, unheard: u64) {
        self.reference.hold(unheard);
    }

    /// It goes on with them.
    pub fn resumed(&mut self, now: Instant) {
        self.reference.go_on(now);
    }

    /// It was told to drop the last `unheard` samples.
    pub fn called_back(&mut self, unheard: u64) {
        self.reference.call_back(unheard);
    }

    /// So many samples of the caller's audio were dropped before they came here.
    pub fn missed(&mut self, samples: u64) {
        let mut due = std::mem::take(&mut self.due);
        self.catch_up(0, &mut due);
        self.due = due;
        for track in [&mut self.captured, &mut self.left] {
            track.silent_to(track.end() + samples as i64);
        }
    }

    /// How long our voice takes from the caller's ear back to here, once that was found.
    pub fn delay(&self) -> Option<Duration> {
        let lag = self.filter.as_ref()?.lag();
        Some(self.rate.duration_of(u64::try_from(lag).unwrap_or(0)))
    }

    /// Hears a frame of 20 ms and appends to `clean` what can be passed on now: nothing while it is held back, and then more
    /// than a frame. Altogether as much as came in.
    pub fn hear(&mut self, frame: &[i16], now: Instant, clean: &mut Vec<i16>) {
        clean.append(&mut self.due);
        self.captured.push(frame);
        self.left.push(frame);
        self.reference.captured(self.captured.end(), now);
        let sound_ago = self.captured.end() - self.reference.last_sound();
        if self.holding == 0 && sound_ago > self.reach() {
            self.catch_up(1, clean);
            clean.extend_from_slice(frame);
            self.captured
                .read(self.captured.end() - frame.len() as i64, &mut self.frame);
            self.gate.hear_noise(power(&self.frame));
            self.mind = Mind::Calm;
            self.muted = false;
            return;
        }
        let learn = self.mind != Mind::Checking;
        let levels = self.subtract(self.captured.end() - frame.len() as i64, learn);
        self.judge(levels, clean);
    }

    /// How long ago our last sound may be that still comes back.
    fn reach(&self) -> i64 {
        let longest = self.rate.samples_in(LONGEST + Duration::from_millis(100));
        longest as i64 + 2 * self.frame.len() as i64
    }

    fn judge(&mut self, levels: Levels, clean: &mut Vec<i16>) {
        self.since_over = self.since_over.saturating_add(1);
        let unexplained = self.gate.weigh(levels);
        match self.mind {
            Mind::Calm if !unexplained || self.is_clear() => {
                if unexplained {
                    self.mind = SPEAKS;
                }
                self.learn_line(levels, unexplained);
                self.pass(1, !unexplained && self.returns(), clean);
            }
            Mind::Calm | Mind::Checking => self.check(levels, clean),
            Mind::Caller { quiet, frames } => {
                let quiet = if unexplained { 0 } else { quiet + 1 };
                let frames = frames + 1;
                self.mind = Mind::Caller { quiet, frames };
                if quiet >= BREATH {
                    self.mind = Mind::Calm;
                }
                let pace = if self.trust.holds() {
                    SEARCH_AGAIN
                } else {
                    SEARCH_SOON
                };
                if unexplained && frames % pace == 0 {
                    self.realign();
                }
                let mute = (quiet >= SOFT_END && self.returns()) || self.must_be_ours();
                match self.stays_behind(quiet, frames) {
                    true => self.follow_behind(clean),
                    false => {
                        self.catch_up(1, clean);
                        self.pass(1, mute, clean);
                    }
                }
            }
        }
    }

    /// Whether what is passed on stays behind the caller: where our voice comes back, as long as neither of us is silent.
    fn stays_behind(&self, quiet: u32, frames: u32) -> bool {
        let Some(filter) = &self.filter else { return false };
        let sound_ago = self.captured.end() - self.reference.last_sound();
        frames > AT_ONCE && quiet < CATCH_UP && sound_ago < filter.dies_after()
    }

    /// Holds the latest frame back, and passes on the oldest one of more than are to be.
    fn follow_behind(&mut self, clean: &mut Vec<i16>) {
        if self.behind < BEHIND {
            self.behind += 1;
            return;
        }
        self.pass_frame(BEHIND + 1, false, clean);
    }

    /// Passes on what is behind the `latest` frames.
    fn catch_up(&mut self, latest: usize, clean: &mut Vec<i16>) {
        for back in (1..=std::mem::take(&mut self.behind)).rev() {
            self.pass_frame(latest + back, false, clean);
        }
    }

    /// Whether a caller speaks: then what is left says little of how well the echo is imitated.
    fn is_spoken_over(&self) -> bool {
        matches!(self.mind, Mind::Caller { .. })
    }

    /// A line that has shown no echo has none.
    fn is_clear(&self) -> bool {
        self.back == Return::Line && self.filter.is_none() && self.nothing_back >= CLEAR_LINE
    }

    /// Whether our own voice is known to come back: only then anything is muted for being soft.
    fn returns(&self) -> bool {
        self.back == Return::Mix || self.filter.is_some()
    }

    /// In a mixed stream our own voice is there: as long as it was never found, what is heard while we speak is taken for it.
    fn must_be_ours(&self) -> bool {
        self.back == Return::Mix && self.filter.is_none()
    }

    /// Learns from a frame in which there is neither an echo nor a caller how the line is without both.
    fn learn_line(&mut self, levels: Levels, unexplained: bool) {
        if unexplained || levels.echo() > INAUDIBLE {
            return;
        }
        let longest = self.rate.samples_in(LONGEST) as i64;
        let from = self.captured.end() - self.frame.len() as i64 - longest;
        self.reference.read(from, &mut self.out);
        if power(&self.out) > LOUD {
            self.nothing_back += 1;
        }
    }

    /// Holds a frame back, and looks whether it is an echo.
    fn check(&mut self, levels: Levels, clean: &mut Vec<i16>) {
        self.mind = Mind::Checking;
        self.nothing_back = 0;
        self.held[self.holding] = levels;
        self.holding += 1;
        let realigned = self.holding >= SEARCHABLE && self.realign();
        // A realignment that does not explain the latest sound was none, or not the whole of it.
        let explained_now = realigned && !self.gate.unexplained(self.held[self.holding - 1]);
        let latest = &self.held[self.holding.saturating_sub(PAUSE)..self.holding];
        let over = self.holding > PAUSE && latest.iter().all(|levels| !self.gate.unexplained(*levels));
        if explained_now || over {
            let holding = std::mem::take(&mut self.holding);
            let loud = self.held[..holding].iter();
            let word = loud.filter(|levels| self.gate.unexplained(**levels)).count() >= WORD;
            self.since_over = 0;
            self.mind = match explained_now && word {
                // The echo jumped while he spoke.
                true => SPEAKS,
                false => Mind::Calm,
            };
            return self.pass(holding, !word || self.must_be_ours(), clean);
        }
        let enough = match self.back {
            _ if self.since_over >= CLOSURE => HOLD,
            Return::Line => AGAIN_ON_A_LINE,
            Return::Mix => AGAIN_IN_A_MIX,
        };
        if self.holding < enough {
            return;
        }
        let holding = std::mem::take(&mut self.holding);
        self.mind = SPEAKS;
        self.trust = Trust::full();
        // It is a caller and no echo with another delay: the known one is in every block of this, or in those before it jumped.
        self.go_through(holding, false);
        self.follow();
        self.pass(holding, self.must_be_ours(), clean);
    }

    /// Appends the last `frames` frames of what is left, or as much silence.
    fn pass(&mut self, frames: usize, mute: bool, clean: &mut Vec<i16>) {
        for back in (1..=frames).rev() {
            self.pass_frame(back, mute, clean);
        }
    }

    /// Appends what is left of one frame, or silence: the last one is 1 back.
    fn pass_frame(&mut self, back: usize, mute: bool, clean: &mut Vec<i16>) {
        let from = self.left.end() - (back * self.frame.len()) as i64;
        self.left.read(from, &mut self.out);
        fade(&mut self.out, self.muted, mute);
        self.muted = mute;
        clean.extend(self.out.iter().map(|sample| (sample * 32768.0).round() as i16));
    }

    /// Subtracts the imitated echo of the frame from sample `from` on, but for blocks in which it is not where it is thought to be:
    /// what is subtracted there would be heard.
    fn subtract(&mut self, from: i64, learn: bool) -> Levels {
        self.captured.read(from, &mut self.frame);
        let speaks = self.is_spoken_over();
        let trusts = speaks && self.trust.holds();
        let Some(filter) = &mut self.filter else {
            return Levels::without_echo(power(&self.frame));
        };
        let blocks = self
            .frame
            .chunks_mut(self.block)
            .zip(self.echo.chunks_mut(self.block));
        for (index, (block, echo)) in blocks.enumerate() {
            let at = from + (index * self.block) as i64;
            let before = power(block);
            filter.subtract(&self.reference, at, block, echo, learn && (trusts || !speaks));
            self.whole[index * self.block..][..self.block].copy_from_slice(block);
            if power(block) > before && !trusts {
                self.captured.read(at, block);
            }
        }
        if learn && speaks {
            self.captured.read(from, &mut self.out);
            self.trust.weigh(filter.explained(&self.out, &self.whole));
        }
        self.left.rewrite(from, &self.frame);
        Levels {
            echo: filter.bands(&self.echo),
            left: filter.bands(&self.frame),
        }
    }
}

impl std::fmt::Debug for EchoCanceller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EchoCanceller")
            .field("back", &self.back)
            .field("lag", &self.filter.as_ref().map(Filter::lag))
            .field("mind", &self.mind)
            .finish_non_exhaustive()
    }
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

/// Silence, with a ramp over the frame where it begins, and one of 2 ms where it ends: a word may begin with a "p".
fn fade(samples: &mut [f32], was_muted: bool, mute: bool) {
    let length = samples.len();
    match (was_muted, mute) {
        (false, false) => {}
        (true, true) => samples.fill(0.0),
        (false, true) => {
            for (index, sample) in samples.iter_mut().rev().enumerate() {
                *sample *= index as f32 / length as f32;
            }
        }
        (true, false) => {
            let ramp = length / 10;
            for (index, sample) in samples.iter_mut().take(ramp).enumerate() {
                *sample *= index as f32 / ramp as f32;
            }
        }
    }
}
