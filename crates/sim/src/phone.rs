//! The caller at the phone: the script and the ear on one clock, without a socket. Time is a count of samples.

use crate::clip::Clip;
use crate::event::{Event, Outcome, Spoken, Summary, What};
use crate::line::Line;
use crate::manners::Manners;
use crate::measure::Measures;
use crate::playback::{Heard, Playback};
use crate::script::{Act, Step, When};
use crate::wire::{self, ServerMessage};
use audio::SampleRate;
use std::time::Duration;

/// The caller's side of one call.
pub(crate) struct Phone {
    rate: SampleRate,
    manners: Manners,
    silence: i16,
    steps: std::vec::IntoIter<Step>,
    step: Option<Step>,
    saying: Option<Saying>,
    /// Where the step before was over.
    done_at: u64,
    caller: Vec<i16>,
    playback: Playback,
    held_since: u64,
    /// Where utterances of the assistant began to be heard.
    begins: Vec<u64>,
    /// Where the last uncut one ended, and where the assistant was last heard.
    finished_at: Option<u64>,
    last_heard: u64,
    measures: Measures,
    events: Vec<Event>,
    transcript: Vec<Spoken>,
    outbox: Vec<String>,
    outcome: Option<Outcome>,
}

/// A clip on its way out of the caller's mouth.
struct Saying {
    clip: Clip,
    start: u64,
}

impl Phone {
    pub(crate) fn new(rate: SampleRate, line: Line, script: Vec<Step>, manners: Manners) -> Self {
        let mut steps = script.into_iter();
        Self {
            rate,
            manners,
            silence: line.carry(0),
            step: steps.next(),
            steps,
            saying: None,
            done_at: 0,
            caller: Vec::new(),
            playback: Playback::new(rate),
            held_since: 0,
            begins: Vec::new(),
            finished_at: None,
            last_heard: 0,
            measures: Measures::new(rate),
            events: Vec::new(),
            transcript: Vec::new(),
            outbox: Vec::new(),
            outcome: None,
        }
    }

    /// How the call ended, once it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Ends the call, unless it has ended already.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        self.outcome.get_or_insert(outcome);
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// What the caller has said and what was played, both up to the present.
    pub(crate) fn tracks(&self) -> (&[i16], &[i16]) {
        (&self.caller, self.playback.heard())
    }

    /// Text frames for the server.
    pub(crate) fn outbox(&mut self) -> std::vec::Drain<'_, String> {
        self.outbox.drain(..)
    }

    pub(crate) fn note(&mut self, what: What) {
        self.happened(self.now(), what);
    }

    /// Lives on to a moment.
    pub(crate) fn advance_to(&mut self, moment: u64) {
        let block = self.rate.samples_in(Duration::from_millis(10)).max(1);
        while self.now() < moment && self.outcome.is_none() {
            self.begin_step();
            let next = (self.now() + block).min(moment);
            self.live_to(self.next_edge().map_or(next, |edge| next.min(edge)));
            self.end_when_done();
        }
    }

    /// Audio from the server, at the present moment.
    pub(crate) fn receive_audio(&mut self, bytes: &[u8]) {
        self.playback.queue(bytes);
    }

    /// A text frame from the server, at the present moment.
    pub(crate) fn receive_text(&mut self, text: &str) {
        let now = self.now();
        match ServerMessage::read(text) {
            ServerMessage::Clear => self.clear(),
            ServerMessage::Pause if !self.playback.held() => {
                self.playback.pause();
                self.held_since = now;
                self.measures.paused(now);
                self.happened(now, What::Paused);
            }
            ServerMessage::Resume => {
                if self.playback.resume() {
                    self.measures.resumed();
                    self.happened(now, What::Resumed);
                }
            }
            ServerMessage::Transcript { role, text, is_final } => {
                let spoken = Spoken { role, text, is_final };
                if is_final {
                    self.transcript.push(spoken.clone());
                }
                self.happened(now, What::Transcript(spoken));
            }
            ServerMessage::Mark { name } => {
                self.playback.mark(name);
                self.play_to(now);
            }
            ServerMessage::Latency(parts) => self.happened(now, What::Latency(parts)),
            ServerMessage::Hangup => {
                self.happened(now, What::Hangup);
                self.end(Outcome::HungUp);
            }
            ServerMessage::Transfer {
                destination,
                number,
                kind,
            } => {
                self.happened(
                    now,
                    What::Transfer {
                        destination: destination.clone(),
                        number,
                        kind,
                    },
                );
                self.end(Outcome::Transferred(destination));
            }
            ServerMessage::Pause | ServerMessage::Unknown => {}
        }
    }

    fn clear(&mut self) {
        let now = self.now();
        let played_to = self.playback.last_played().unwrap_or(now);
        let mut noticed = Vec::new();
        let dropped = self.playback.clear(|at, heard| noticed.push((at, heard)));
        for (at, heard) in noticed {
            self.notice(at, heard);
        }
        let dropped_ms = self.measures.ms(dropped);
        self.happened(now, What::Cleared { dropped_ms });
        if let Some(barge_in) = self.measures.cleared(played_to) {
            self.happened(now, What::BargeIn(barge_in));
        }
    }

    fn now(&self) -> u64 {
        self.caller.len() as u64
    }

    fn samples(&self, duration: Duration) -> u64 {
        self.rate.samples_in(duration)
    }

    fn happened(&mut self, at: u64, what: What) {
        self.events.push(Event {
            at_ms: self.measures.ms(at),
            what,
        });
    }

    /// The next sample at which the caller's speech begins or ends, so that it is dealt with exactly there.
    fn next_edge(&self) -> Option<u64> {
        let saying = self.saying.as_ref()?;
        let clip = &saying.clip;
        let edges = [clip.onset(), clip.end(), clip.samples().len()];
        edges
            .into_iter()
            .map(|edge| saying.start + edge as u64)
            .find(|edge| *edge > self.now())
    }

    fn live_to(&mut self, moment: u64) {
        let now = self.now();
        self.play_to(moment);
        let missing = (moment - now) as usize;
        let Some(saying) = &self.saying else {
            self.caller.resize(self.caller.len() + missing, self.silence);
            return;
        };
        let from = (now - saying.start) as usize;
        let (onset, end) = (
            saying.start + saying.clip.onset() as u64,
            saying.start + saying.clip.end() as u64,
        );
        self.caller.extend(&saying.clip.samples()[from..from + missing]);
        let over = saying.clip.samples().len() == from + missing;
        if onset == moment {
            self.begin_speech(moment);
        }
        if end == moment {
            self.measures.caller_spoke(moment, self.playback.speaking());
            self.happened(moment, What::CallerSpoke);
            self.done_at = moment;
        }
        if over {
            self.saying = None;
        }
    }

    fn begin_speech(&mut self, onset: u64) {
        let Some(saying) = &self.saying else { return };
        let text = saying.clip.text().to_owned();
        let just_held = self.playback.held() && self.playback.speaking() && self.held_since >= saying.start;
        self.measures
            .caller_speaks(onset, self.playback.sounding() || just_held, just_held);
        self.happened(onset, What::CallerSpeaks { text });
    }

    fn play_to(&mut self, moment: u64) {
        let mut noticed = Vec::new();
        self.playback
            .play_to(moment, |at, heard| noticed.push((at, heard)));
        if self.playback.sounding() {
            self.last_heard = moment;
        }
        for (at, heard) in noticed {
            self.notice(at, heard);
        }
    }

    fn notice(&mut self, at: u64, heard: Heard) {
        match heard {
            Heard::Begins { utterance } => {
                self.begins.push(at);
                let response_ms = self.measures.assistant_speaks(at);
                self.happened(
                    at,
                    What::AssistantSpeaks {
                        utterance,
                        response_ms,
                    },
                );
            }
            Heard::Ends {
                utterance,
                silent_from,
                cut,
            } => {
                self.happened(silent_from, What::AssistantSpoke { utterance, cut });
                self.last_heard = silent_from;
                if cut {
                    return;
                }
                self.finished_at = Some(silent_from);
                if let Some(barge_in) = self.measures.went_on() {
                    self.happened(at, What::BargeIn(barge_in));
                }
            }
            Heard::Mark(name) => {
                self.outbox.push(wire::mark_message(&name));
                self.happened(at, What::Mark { name });
            }
            Heard::Underrun { gap } => {
                self.measures.underruns += 1;
                let gap_ms = self.measures.ms(gap);
                self.happened(at, What::Underrun { gap_ms });
            }
        }
    }

    fn begin_step(&mut self) {
        if self.saying.is_some() {
            return;
        }
        let Some(when) = self.step.as_ref().map(|step| step.when) else {
            return;
        };
        let waited_in_vain =
            !matches!(when, When::At(_) | When::AfterPrevious(_)) && self.patience_left().is_zero();
        if !waited_in_vain && !self.is_due(when) {
            return;
        }
        if waited_in_vain {
            let text = format!("nothing was heard for {:?}: the caller goes on", self.patience());
            self.note(What::Note { text });
        }
        let Some(step) = std::mem::replace(&mut self.step, self.steps.next()) else {
            return;
        };
        let now = self.now();
        match step.act {
            Act::Say(clip) => {
                self.saying = Some(Saying { clip, start: now });
                // A clip that is loud from its first sample has its edge here.
                if self
                    .saying
                    .as_ref()
                    .is_some_and(|saying| saying.clip.onset() == 0)
                {
                    self.begin_speech(now);
                }
            }
            Act::Press(digit) => {
                self.outbox.push(wire::digit_message(digit));
                self.happened(now, What::Digit { digit });
                self.done_at = now;
            }
        }
    }

    fn is_due(&self, when: When) -> bool {
        let now = self.now();
        let is_into =
            |begun: Option<&u64>, after| begun.is_some_and(|begun| now >= begun + self.samples(after));
        match when {
            When::At(moment) => now >= self.samples(moment),
            When::AfterPrevious(pause) => now >= self.done_at + self.samples(pause),
            When::AfterAssistant => self.assistant_is_done(self.manners.breath),
            When::IntoNextUtterance(after) => {
                is_into(self.begins.iter().find(|begun| **begun >= self.done_at), after)
            }
            When::IntoUtterance(number, after) => {
                let index = (number as usize).checked_sub(1);
                is_into(index.and_then(|index| self.begins.get(index)), after)
            }
        }
    }

    /// True when the assistant has finished something since the last step, and was silent for so long.
    fn assistant_is_done(&self, silence: Duration) -> bool {
        let Some(finished) = self.finished_at.filter(|finished| *finished >= self.done_at) else {
            return false;
        };
        !self.playback.speaking() && self.now() - finished.max(self.done_at) >= self.samples(silence)
    }

    /// How long the caller bears silence now.
    fn patience(&self) -> Duration {
        let nobody_spoke = self.done_at == 0 && self.begins.is_empty();
        if nobody_spoke {
            self.manners.greeting
        } else {
            self.manners.answer
        }
    }

    fn patience_left(&self) -> Duration {
        let waited = self.now().saturating_sub(self.last_heard.max(self.done_at));
        self.patience().saturating_sub(self.rate.duration_of(waited))
    }

    fn end_when_done(&mut self) {
        if self.now() >= self.samples(self.manners.longest) {
            return self.end(Outcome::TimedOut);
        }
        if self.step.is_some() || self.saying.is_some() {
            return;
        }
        let quiet = self.now().saturating_sub(self.last_heard.max(self.done_at));
        let in_vain = quiet >= self.samples(self.manners.answer.max(self.manners.hold));
        if in_vain || self.assistant_is_done(self.manners.hold) {
            self.end(Outcome::Completed);
        }
    }

    /// Closes the account. `frames` are the binary messages in and out.
    pub(crate) fn finish(mut self, frames: (u64, u64)) -> Recording {
        let now = self.now();
        if let Some(barge_in) = self.measures.went_on() {
            self.happened(now, What::BargeIn(barge_in));
        }
        let summary = Summary {
            response_ms: self.measures.response_ms.clone(),
            barge_in_stop_ms: self.measures.stop_ms.clone(),
            duck_ms: self.measures.duck_ms.clone(),
            false_barge_ins: self.measures.false_barge_ins,
            underruns: self.measures.underruns,
            frames_in: frames.0,
            frames_out: frames.1,
            utterances: self.playback.utterances(),
            duration_ms: self.measures.ms(now),
            outcome: self.outcome.unwrap_or(Outcome::Stopped),
            transcript: self.transcript,
        };
        self.events
            .sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
        Recording {
            events: self.events,
            summary,
            caller: self.caller,
            heard: self.playback.into_heard(),
        }
    }
}

/// What remains of a call: its events in order, its figures and both tracks.
pub(crate) struct Recording {
    pub(crate) events: Vec<Event>,
    pub(crate) summary: Summary,
    pub(crate) caller: Vec<i16>,
    pub(crate) heard: Vec<i16>,
}
