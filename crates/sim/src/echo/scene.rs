//! A stretch of a call in virtual time: the secretary's playout, a line that returns it, the canceller and the ear.

use super::{EchoPath, LineEcho};
use crate::line::Line;
use audio::{Ear, EarModel, EchoCanceller, Edge, Playout, Resampler, Return, SampleRate};
use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static EAR: LazyLock<EarModel> = LazyLock::new(EarModel::embedded);
const FRAME: Duration = Duration::from_millis(20);

/// What happens.
pub struct Scene {
    /// The leg's rate.
    pub rate: SampleRate,
    /// The codec of the caller's line.
    pub line: Line,
    /// What the canceller is told of the way back.
    pub back: Return,
    /// What really comes back.
    pub echo: Option<LineEcho>,
    /// What the secretary says, and from when on it may be played: pieces of one utterance, with holes where one comes late.
    pub said: Vec<(Duration, Vec<i16>)>,
    /// What the caller says, and when.
    pub caller: Vec<(Duration, Vec<i16>)>,
    /// How long it goes on.
    pub length: Duration,
    /// Whether the canceller is there.
    pub cancelled: bool,
}

/// What came of it.
pub struct Outcome {
    /// Moments at which the ear told an onset of speech.
    pub onsets: Vec<Duration>,
    /// What came in, at the leg's rate.
    pub captured: Vec<i16>,
    /// What was passed on of it: later by what was held back.
    pub clean: Vec<i16>,
    /// What the ear and the engine hear, at 16 kHz.
    pub wide: Vec<i16>,
}

impl Scene {
    /// Goes through it, a frame of 20 ms at a time. Nobody reacts: the secretary speaks on.
    pub fn play(&self) -> Outcome {
        let epoch = Instant::now();
        let rate = self.rate;
        let frame = rate.frame_samples();
        let mut playout = Playout::new(rate, Duration::from_millis(60), Duration::from_secs(60));
        let mut canceller = EchoCanceller::new(rate, self.back);
        let mut path = EchoPath::new(self.echo.clone(), self.line, rate);
        let mut ear = Ear::new(EAR.clone());
        let mut to_wide = Resampler::new(rate, SampleRate::HZ_16000);
        let caller = self.caller_track();
        let (mut queue, mut played) = (VecDeque::new(), Vec::new());
        let mut outcome = Outcome {
            onsets: Vec::new(),
            captured: Vec::new(),
            clean: Vec::new(),
            wide: Vec::new(),
        };
        let mut said = self.said.iter().peekable();
        let (mut released, mut wide) = (Vec::new(), Vec::new());
        for number in 0..(self.length.as_millis() / FRAME.as_millis()) as u32 {
            let at = FRAME * number;
            while let Some((_, samples)) = said.next_if(|(from, _)| *from <= at) {
                playout.push(1, samples);
            }
            let mut unheard = playout.unheard(epoch + at);
            while playout.release(epoch + at, &mut released) {
                canceller.released(&released, unheard, epoch + at);
                queue.extend(released.iter().copied());
                unheard = playout.unheard(epoch + at);
            }
            played.extend((0..frame).map(|_| queue.pop_front().unwrap_or(0)));
            let from = outcome.captured.len();
            let spoken = &caller[number as usize * frame..][..frame];
            path.push(spoken, &played, &mut outcome.captured);
            let begin = outcome.clean.len();
            let captured = &outcome.captured[from..];
            match self.cancelled {
                true => canceller.hear(captured, epoch + at + FRAME, &mut outcome.clean),
                false => outcome.clean.extend_from_slice(captured),
            }
            for piece in outcome.clean[begin..].chunks(frame) {
                wide.clear();
                to_wide.push(piece, &mut wide);
                outcome.wide.extend_from_slice(&wide);
                if let Some(Edge::Started { .. }) = ear.hear(&wide) {
                    outcome.onsets.push(at + FRAME);
                }
            }
        }
        outcome
    }

    fn caller_track(&self) -> Vec<i16> {
        let total = self.rate.samples_in(self.length) as usize;
        let mut track = vec![self.line.carry(0); total];
        for (from, samples) in &self.caller {
            let from = self.rate.samples_in(*from) as usize;
            for (to, sample) in track[from..].iter_mut().zip(samples) {
                *to = *sample;
            }
        }
        track
    }
}
