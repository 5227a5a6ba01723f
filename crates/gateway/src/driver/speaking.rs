//! The secretary's audio on its way out: engine and prompts → playout → leg, with what was heard counted.

use super::echo::Echo;
use super::recorder::RecordedSound;
use super::waiting::FirstFrame;
use crate::leg::Leg;
use crate::leg::control::Control;
use audio::{Played, Playout, Resampler, SampleRate};
use call::{AnswerId, EngineEvent, Input, PlayedMs, PlayoutEvent, PromptId, Utterance};
use std::time::{Duration, Instant};
use voice::tts::Prompt as Rendered;

/// The call is told how long an answer is with its first audio, then not more often than this.
const COUNT_EVERY: Duration = Duration::from_millis(200);

/// The way of the secretary's audio.
pub(super) struct Speaking {
    /// Samples of the session's last event, at the session's rate.
    pub(super) pcm: Vec<i16>,
    playout: Playout<Utterance>,
    converted: Vec<i16>,
    frame: Vec<i16>,
    /// What was heard of what the playout keeps.
    heard: Vec<i16>,
    /// Whether what is heard next follows what was heard before without a pause.
    flows: bool,
    /// The conversion of the answer that comes now.
    incoming: Option<Incoming>,
    first_frame: FirstFrame,
    /// Audio of answers up to this one is void.
    void: AnswerId,
    /// The last prompt that is being rendered or was.
    asked: PromptId,
    /// Prompts up to this one are void.
    void_prompt: PromptId,
    /// What was released since the call began, in samples.
    released: u64,
    dropped: Duration,
    told_dropped_ms: u64,
    told_underruns: u64,
    told_refused: u64,
    /// What is due waits for the leg.
    waits: bool,
}

/// An answer whose audio is coming.
struct Incoming {
    answer: AnswerId,
    resampler: Resampler,
    total: Duration,
    told: Option<Duration>,
    full: bool,
}

impl Speaking {
    pub(super) fn new(playout: Playout<Utterance>) -> Self {
        Self {
            pcm: Vec::new(),
            playout,
            converted: Vec::new(),
            frame: Vec::new(),
            heard: Vec::new(),
            flows: false,
            incoming: None,
            first_frame: FirstFrame::default(),
            void: AnswerId(0),
            asked: PromptId(0),
            void_prompt: PromptId(0),
            released: 0,
            dropped: Duration::ZERO,
            told_dropped_ms: 0,
            told_underruns: 0,
            told_refused: 0,
            waits: false,
        }
    }

    /// Takes what the session has put into `pcm`. Tells the call how much there is, or that it was too much.
    pub(super) fn answer_audio(&mut self, answer: AnswerId, rate: SampleRate) -> Option<Input> {
        let samples = self.pcm.len() as u64;
        if answer <= self.void {
            self.dropped += rate.duration_of(samples);
            self.pcm.clear();
            return None;
        }
        let leg_rate = self.playout.rate();
        if self
            .incoming
            .as_ref()
            .is_none_or(|incoming| incoming.answer != answer)
        {
            let resampler = Resampler::new(rate, leg_rate);
            self.first_frame.awaited(answer);
            self.incoming = Some(Incoming {
                answer,
                resampler,
                total: Duration::ZERO,
                told: None,
                full: false,
            });
        }
        let incoming = self.incoming.as_mut()?;
        let taken = if rate == leg_rate {
            self.playout.push(Utterance::Answer(answer), &self.pcm)
        } else {
            self.converted.clear();
            incoming.resampler.push(&self.pcm, &mut self.converted);
            self.playout.push(Utterance::Answer(answer), &self.converted)
        };
        self.pcm.clear();
        if !taken {
            self.dropped += rate.duration_of(samples);
            let first = !std::mem::replace(&mut incoming.full, true);
            return first.then_some(Input::Playout(PlayoutEvent::Full { answer }));
        }
        incoming.total += rate.duration_of(samples);
        if incoming
            .told
            .is_some_and(|told| incoming.total - told < COUNT_EVERY)
        {
            return None;
        }
        Some(incoming.count())
    }

    /// No more of this answer will come. Tells the call its whole length.
    pub(super) fn answer_done(&mut self, answer: AnswerId) -> Option<Input> {
        if answer <= self.void {
            return None;
        }
        let mut incoming = self.incoming.take_if(|incoming| incoming.answer == answer);
        if let Some(incoming) = &mut incoming {
            self.converted.clear();
            incoming.resampler.flush(&mut self.converted);
            self.playout.push(Utterance::Answer(answer), &self.converted);
        }
        self.playout.finish(Utterance::Answer(answer));
        incoming.map(|mut incoming| incoming.count())
    }

    /// A prompt is being rendered.
    pub(super) fn prompt_asked(&mut self, prompt: PromptId) {
        self.asked = prompt;
    }

    /// Plays a prompt that was rendered, or reports it as played where it could not be.
    pub(super) fn prompt(&mut self, prompt: PromptId, rendered: Option<Rendered>) {
        if prompt <= self.void_prompt {
            return;
        }
        let utterance = Utterance::Prompt(prompt);
        if let Some(Rendered { samples, rate }) = rendered {
            self.converted.clear();
            let mut resampler = Resampler::new(rate, self.playout.rate());
            resampler.push(&samples, &mut self.converted);
            resampler.flush(&mut self.converted);
            self.playout.push(utterance, &self.converted);
        }
        self.playout.finish(utterance);
    }

    /// The rate of what is released.
    pub(super) fn rate(&self) -> SampleRate {
        self.playout.rate()
    }

    /// The caller begins to hear the next so many samples of what was released.
    pub(super) fn begins(&mut self, samples: usize, now: Instant) {
        self.playout.begins(samples, now);
    }

    /// What was released and not heard is to be released again.
    pub(super) fn recall(&mut self, now: Instant) {
        self.playout.recall(now);
    }

    /// Whether what was released and not heard is kept here, and called back by a pause.
    pub(super) fn keeps_unheard(&self) -> bool {
        self.playout.keeps_unheard()
    }

    /// Samples of which the canceller knows and that are still to be heard.
    pub(super) fn ahead_of_echo(&self, now: Instant) -> u64 {
        match self.playout.keeps_unheard() {
            true => 0,
            false => self.playout.unheard(now),
        }
    }

    pub(super) fn pause(&mut self, now: Instant) {
        self.playout.pause(now);
    }

    pub(super) fn resume(&mut self, now: Instant) {
        self.playout.resume(now);
    }

    /// Drops what is queued and, when it comes later, what belongs to answers up to `through` or to prompts asked for before.
    pub(super) fn clear(&mut self, through: AnswerId, now: Instant) {
        self.void = self.void.max(through);
        self.void_prompt = self.asked;
        self.incoming.take_if(|incoming| incoming.answer <= through);
        self.first_frame.cleared(through);
        self.playout.clear(now);
    }

    /// Whether the first of an answer has left for the caller since this was last asked.
    pub(super) fn has_begun_to_leave(&mut self) -> bool {
        let playout = &self.playout;
        self.first_frame
            .left(|answer| playout.has_begun(Utterance::Answer(answer)))
    }

    /// Sends what is due, where the leg takes it: the caller would hear nothing of it, and count as having heard.
    pub(super) fn release(
        &mut self,
        leg: &mut Leg,
        sound: &mut RecordedSound,
        echo: &mut Echo,
        now: Instant,
    ) {
        sound.unheard(self.unheard(now), now);
        self.waits = !leg.takes_audio();
        if self.waits {
            return;
        }
        let mut unheard = self.playout.unheard(now);
        while self.playout.release(now, &mut self.frame) {
            leg.audio(&self.frame);
            self.released += self.frame.len() as u64;
            if !self.playout.keeps_unheard() {
                echo.released(&self.frame, unheard, now);
            }
            unheard = self.playout.unheard(now);
            sound.sent(&self.frame);
            self.send_marks(leg);
        }
        self.send_marks(leg);
        self.tell_heard(echo, now);
    }

    /// When what was released will be heard is not known before the other end tells, so that the canceller is told then.
    fn tell_heard(&mut self, echo: &mut Echo, now: Instant) {
        self.heard.clear();
        self.playout.take_heard(now, &mut self.heard);
        if self.heard.is_empty() {
            return;
        }
        echo.released(&self.heard, u64::from(self.flows), now);
        self.flows = self.playout.unheard(now) > 0;
    }

    fn send_marks(&mut self, leg: &mut Leg) {
        while let Some(utterance) = self.playout.poll_released() {
            leg.control(&Control::Mark {
                name: &mark(utterance),
            });
        }
    }

    /// None while the leg takes nothing: what it tells when it does again wakes the driver.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.playout.next_due().filter(|_| !self.waits)
    }

    /// Samples that were sent and are still to be heard.
    pub(super) fn unheard(&self, now: Instant) -> u64 {
        self.playout.unheard(now)
    }

    /// What the caller hears now.
    pub(super) fn position(&self, now: Instant) -> Option<PlayoutEvent> {
        let (utterance, played) = self.playout.position(now)?;
        Some(PlayoutEvent::Position {
            utterance,
            played: PlayedMs::from(played),
        })
    }

    /// The next utterance that the caller has heard to its end.
    pub(super) fn played(&mut self, now: Instant) -> Option<PlayoutEvent> {
        Some(match self.playout.poll_played(now)? {
            Played::Position(utterance, played) => PlayoutEvent::Position {
                utterance,
                played: played.into(),
            },
            Played::Finished(utterance, played) => PlayoutEvent::Finished {
                utterance,
                played: played.into(),
            },
        })
    }

    /// Holes that the caller heard since this was last asked.
    pub(super) fn new_underruns(&mut self) -> u64 {
        let all = self.playout.underruns();
        all - std::mem::replace(&mut self.told_underruns, all)
    }

    /// What was released since the call began.
    pub(super) fn released(&self) -> Duration {
        self.playout.rate().duration_of(self.released)
    }

    /// Milliseconds of late or excess audio dropped since this was last asked.
    pub(super) fn new_dropped_ms(&mut self) -> u64 {
        let all = self.dropped.as_millis() as u64;
        all - std::mem::replace(&mut self.told_dropped_ms, all)
    }

    /// What of the leg's count of refused frames is new.
    pub(super) fn new_refused(&mut self, all: u64) -> u64 {
        all.saturating_sub(std::mem::replace(&mut self.told_refused, all))
    }
}

impl Incoming {
    fn count(&mut self) -> Input {
        self.told = Some(self.total);
        let total_ms = self.total.as_millis() as u64;
        Input::Engine(EngineEvent::AnswerAudio {
            answer: self.answer,
            total_ms,
        })
    }
}

fn mark(utterance: Utterance) -> String {
    match utterance {
        Utterance::Answer(answer) => format!("answer-{answer}"),
        Utterance::Prompt(prompt) => format!("prompt-{prompt}"),
    }
}
