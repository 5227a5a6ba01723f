//! Hearing when the caller speaks: a cheap gate in front of the silero voice activity model.

use crate::SampleRate;
use crate::silero::{CHUNK, CONTEXT, EarModel, Silero};
use std::collections::VecDeque;
use std::time::Duration;

/// An edge of the caller's speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Speech began; `ago` before the end of the audio heard so far.
    Started {
        /// How far back the first sample of speech lies.
        ago: Duration,
    },
    /// Speech stopped; its last sample lies `ago` back (the hangover that made sure of it).
    Ended {
        /// How far back the last sample of speech lies.
        ago: Duration,
    },
}

const RATE: SampleRate = SampleRate::HZ_16000;

/// Samples that the gate judges at once: 16 ms, half a chunk of the model.
const GATE_FRAME: usize = 256;
const GATE_FRAMES_PER_CHUNK: usize = CHUNK / GATE_FRAME;

/// A frame in which no sample is louder than this (-60 dB of full scale) holds no speech for anybody: not even the
/// gate looks at it.
const INAUDIBLE: u16 = 32;
/// Inaudible frames that the gate still hears, so that its window holds nothing but quiet when it rests.
const GATE_WINDOW: usize = 8;
/// Frames by which an open gate may precede what the model takes for speech: 160 ms.
const GATE_LEADS: u64 = 10;
/// The gate's score from which the model is asked.
const GATE_OPEN: f32 = 0.4;
/// Chunks without an open gate after which the model rests: half a second.
const MODEL_LINGERS: usize = 16;
/// Chunks before the gate opened that the model hears first, to know the room: a quarter of a second.
const MODEL_WARM_UP: usize = 8;

/// The model's probability from which a chunk is speech, and below which it is not once speech has begun.
const SPEECH: f32 = 0.5;
const NO_SPEECH: f32 = 0.35;
/// Samples of speech that are an onset, 48 ms; less is a click or the beginning of a cough.
const ONSET: u64 = 768;
/// Chunks without speech that end it: 224 ms.
const HANGOVER: usize = 7;

/// What is kept for the end-of-turn model.
const RECENT: usize = 8 * 16_000;
/// What is kept while nobody has spoken for as long as that: half a second, for the model's warm-up and for the
/// beginning of a word.
const RECENT_IN_SILENCE: usize = 8_000;

/// Listens to one caller.
///
/// The model decides every 32 ms. An onset is told after 48 ms of speech: measured with synthetic voices over an A-law
/// line, 72 ms (median) after the first audible sample and 107 ms at most, up to 130 ms with noise 11 dB below the
/// voice. Speech has ended after 224 ms without it; [`Edge::Ended`] says how far back it lies. A dial tone, keys, noise
/// and bursts of noise as of a cough or a slammed door are no speech.
///
/// Silence costs next to nothing: below -60 dB nobody listens, above that the gate alone until it opens.
pub struct Ear {
    gate: Gate,
    silero: Silero,
    /// The last samples heard, oldest first.
    recent: VecDeque<i16>,
    /// All samples ever heard.
    heard: u64,
    /// Of those, how many have been judged: whole chunks.
    judged: u64,
    /// How long the gate has been closed, in chunks. The model rests from [`MODEL_LINGERS`] on.
    closed_for: usize,
    state: State,
    /// Where the last speech ended, if there was any.
    last_speech: Option<u64>,
    /// Edges found and not yet told: one call may hear several.
    edges: VecDeque<Found>,
}

#[derive(Clone, Copy)]
enum State {
    /// Where what may be speech began.
    Silence { begin: Option<u64> },
    /// Chunks without speech in a row so far, and where speech ended before them.
    Speech { silence: usize, end: u64 },
}

const SILENCE: State = State::Silence { begin: None };

#[derive(Clone, Copy)]
enum Found {
    Start(u64),
    End(u64),
}

impl Ear {
    /// An ear that hears 16 kHz audio.
    pub fn new(model: EarModel) -> Self {
        Self {
            gate: Gate::new(),
            silero: Silero::new(model),
            recent: VecDeque::new(),
            heard: 0,
            judged: 0,
            closed_for: MODEL_LINGERS,
            state: SILENCE,
            last_speech: None,
            edges: VecDeque::new(),
        }
    }

    /// Hears samples at 16 kHz (any count) and tells the first edge in them, if there is one. A second edge in the
    /// same samples is told by the next call.
    pub fn hear(&mut self, samples: &[i16]) -> Option<Edge> {
        self.recent.extend(samples);
        self.heard += samples.len() as u64;
        while self.judged + CHUNK as u64 <= self.heard {
            self.judge_chunk();
        }
        self.forget();
        let ago = |sample: u64| RATE.duration_of(self.heard - sample);
        Some(match self.edges.pop_front()? {
            Found::Start(first) => Edge::Started { ago: ago(first) },
            Found::End(last) => Edge::Ended { ago: ago(last) },
        })
    }

    /// The last 8 s heard at 16 kHz, oldest first, for [`crate::TurnModel::complete`]: half a second of them if there
    /// was no speech in the 8 s.
    pub fn recent(&self) -> Vec<i16> {
        self.recent.iter().copied().collect()
    }

    fn judge_chunk(&mut self) {
        let chunk = self.judged;
        self.judged += CHUNK as u64;
        let open = self.gate_opens(chunk);
        let rested = self.closed_for >= MODEL_LINGERS;
        self.closed_for = if open { 0 } else { self.closed_for + 1 };
        if let State::Silence { .. } = self.state
            && self.closed_for >= MODEL_LINGERS
        {
            return;
        }
        if rested {
            self.warm_up(chunk);
        }
        let probability = self.probability(chunk);
        self.weigh(chunk, probability);
    }

    fn gate_opens(&mut self, chunk: u64) -> bool {
        let mut frame = [0; GATE_FRAME];
        let mut open = false;
        for number in 0..GATE_FRAMES_PER_CHUNK {
            self.copy(chunk + (number * GATE_FRAME) as u64, &mut frame, |sample| sample);
            open |= self.gate.opens(&frame);
        }
        open
    }

    /// Lets the model hear what was before this chunk, and finds what the gate may have missed in it.
    fn warm_up(&mut self, chunk: u64) {
        self.silero.reset();
        let oldest = self.heard - self.recent.len() as u64 + CONTEXT as u64;
        for back in (1..=MODEL_WARM_UP).rev() {
            let Some(earlier) = chunk.checked_sub((back * CHUNK) as u64) else {
                continue;
            };
            if earlier >= oldest {
                let probability = self.probability(earlier);
                self.weigh(earlier, probability);
            }
        }
    }

    fn probability(&mut self, chunk: u64) -> f32 {
        let mut samples = [0.0; CONTEXT + CHUNK];
        let context = chunk.min(CONTEXT as u64);
        let unknown = CONTEXT - context as usize;
        self.copy(chunk - context, &mut samples[unknown..], |sample| {
            f32::from(sample) / 32768.0
        });
        self.silero.hear(&samples)
    }

    /// Moves between silence and speech.
    fn weigh(&mut self, chunk: u64, probability: f32) {
        let chunk_end = chunk + CHUNK as u64;
        match &mut self.state {
            State::Silence { .. } if probability < SPEECH => self.state = SILENCE,
            State::Silence { begin } => {
                let begin = *begin.get_or_insert(chunk - self.gate.open_before(chunk));
                if chunk_end - begin >= ONSET {
                    self.edges.push_back(Found::Start(begin));
                    self.state = State::Speech {
                        silence: 0,
                        end: chunk_end,
                    };
                }
            }
            State::Speech { silence, end } if probability >= NO_SPEECH => (*silence, *end) = (0, chunk_end),
            State::Speech { silence, end } => {
                *silence += 1;
                if *silence >= HANGOVER {
                    self.edges.push_back(Found::End(*end));
                    self.last_speech = Some(*end);
                    self.state = SILENCE;
                }
            }
        }
    }

    /// Copies samples from `first` on, which are among the recent ones.
    fn copy<T>(&self, first: u64, into: &mut [T], as_sample: impl Fn(i16) -> T) {
        let oldest = self.heard - self.recent.len() as u64;
        let index = (first - oldest) as usize;
        for (to, from) in into.iter_mut().zip(self.recent.range(index..)) {
            *to = as_sample(*from);
        }
    }

    fn forget(&mut self) {
        let silent = matches!(self.state, State::Silence { .. });
        let long_silent = silent
            && self
                .last_speech
                .is_none_or(|end| self.heard - end > RECENT as u64);
        let keep = if long_silent { RECENT_IN_SILENCE } else { RECENT };
        let too_many = self.recent.len().saturating_sub(keep);
        self.recent.drain(..too_many);
        if long_silent && self.recent.capacity() > 4 * RECENT_IN_SILENCE {
            self.recent.shrink_to(2 * RECENT_IN_SILENCE);
        }
    }
}

/// The cheap gate.
struct Gate {
    detector: Box<earshot::Detector>,
    inaudible: usize,
    /// Frames heard.
    frames: u64,
    /// Frames in a row, up to now, for which it has been open.
    open: u64,
}

impl Gate {
    fn new() -> Self {
        Self {
            detector: earshot::Detector::default_boxed(),
            inaudible: GATE_WINDOW,
            frames: 0,
            open: 0,
        }
    }

    fn opens(&mut self, frame: &[i16; GATE_FRAME]) -> bool {
        self.frames += 1;
        let open = self.score(frame) >= GATE_OPEN;
        self.open = if open { self.open + 1 } else { 0 };
        open
    }

    /// From 0 to 1.
    fn score(&mut self, frame: &[i16; GATE_FRAME]) -> f32 {
        let audible = frame.iter().any(|sample| sample.unsigned_abs() > INAUDIBLE);
        self.inaudible = if audible { 0 } else { self.inaudible + 1 };
        if self.inaudible > GATE_WINDOW {
            0.0
        } else {
            self.detector.predict_i16(frame)
        }
    }

    /// How many samples before this one the gate opened, if that was not long ago: a word may begin with a sound,
    /// as an "s", that only the gate takes for speech.
    fn open_before(&self, sample: u64) -> u64 {
        if self.open > GATE_LEADS {
            return 0;
        }
        sample.saturating_sub((self.frames - self.open) * GATE_FRAME as u64)
    }
}
