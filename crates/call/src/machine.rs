//! The call itself: what composes the rules. Each part is a small machine of its own; here they meet.

mod answering;
mod closing;
mod hearing;
mod holding;
mod operating;
mod standing;
mod timers;
mod transferring;

use crate::ending::{Departure, Stage};
use crate::floor::Floor;
use crate::silence::Silence;
use crate::thinking::Thinking;
use crate::tools::Tools;
use crate::turn::{Claim, Stake};
use crate::utterances::{Guard, Utterances};
use crate::words::Backchannels;
use crate::{
    AnswerId, ClearReason, EngineCommand, EngineEvent, Input, LegCommand, LegEvent, Output, PlayoutEvent,
    Record, Role, Settings, Utterance,
};
use std::collections::VecDeque;
use std::time::Instant;

pub use standing::Standing;

/// One phone call. See the crate's documentation for the contract with its driver.
#[derive(Debug)]
pub struct Call {
    rules: Settings,
    backchannels: Backchannels,
    started: Instant,
    /// The latest instant told: time never runs backwards in here.
    latest: Instant,
    outputs: VecDeque<Output>,
    stage: Stage,
    line: Line,
    engine: Engine,
    floor: Floor,
    utterances: Utterances,
    thinking: Thinking,
    silence: Silence,
    tools: Tools,
    departure: Departure,
    /// Until when the caller waits with music, while they do.
    held_until: Option<Instant>,
    stray: Stray,
    /// The greeting that follows the notice.
    greeting: Option<String>,
    /// What an operator wants said, and was not said yet.
    notes: VecDeque<String>,
}

/// The caller's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// No stream has come yet.
    Waiting,
    Attached,
    Detached,
}

/// The engine's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Connecting,
    Ready,
    /// It failed: nothing that it says counts any more, and it is told nothing.
    Gone,
}

/// An answer that was void from its beginning, and is queued behind something that is still being said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stray {
    None,
    /// Nothing of it has come.
    Rejected(AnswerId),
    /// Audio of it has come: it is cleared before it is heard.
    Queued(AnswerId),
}

impl Stray {
    fn reject(&mut self, answer: AnswerId) {
        if *self == Self::None {
            *self = Self::Rejected(answer);
        }
    }

    fn sounds(&mut self, answer: AnswerId) {
        if matches!(self, Self::Rejected(first) if answer >= *first) {
            *self = Self::Queued(answer);
        }
    }
}

impl Call {
    /// A call that begins now. Nothing is said before the leg is attached and the engine is ready.
    pub fn new(settings: Settings, now: Instant) -> Self {
        Self {
            backchannels: Backchannels::new(&settings.backchannels),
            greeting: None,
            rules: settings,
            started: now,
            latest: now,
            outputs: VecDeque::new(),
            stage: Stage::Opening,
            line: Line::Waiting,
            engine: Engine::Connecting,
            floor: Floor::new(),
            utterances: Utterances::new(now),
            thinking: Thinking::default(),
            silence: Silence::default(),
            tools: Tools::default(),
            departure: Departure::None,
            held_until: None,
            stray: Stray::None,
            notes: VecDeque::new(),
        }
    }

    /// Takes one input. What was due before `now` is done first, as if the driver had been on time; an instant earlier than
    /// one given before counts as that one.
    pub fn handle(&mut self, input: Input, now: Instant) {
        let now = self.advance_clock(now);
        self.catch_up(now);
        if self.is_over() {
            return;
        }
        match input {
            Input::SpeechStarted => self.speech_started(now),
            Input::SpeechEnded => self.speech_ended(now),
            Input::TurnJudged { turn, complete } => self.floor.judged(turn, complete),
            Input::Engine(event) => self.engine_event(event, now),
            Input::Playout(event) => self.playout_event(event, now),
            Input::Dtmf(digit) => self.key(digit, now),
            Input::Leg(event) => self.leg_event(event, now),
            Input::ToolDone { id, ok, result } => self.tool_done(id, ok, result, now),
            Input::TransferEnded { outcome } => self.transfer_ended(outcome, now),
            Input::Operator(directive) => self.directed(directive, now),
            Input::End => self.stop(),
        }
        self.settle(now);
    }

    /// The next thing to do, if there is one.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Call::handle_timeout`] is wanted next, if no input comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_due().map(|(due, _)| due)
    }

    /// Does what is due at `now`. Too early is harmless, too late is made up for.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance_clock(now);
        while let Some((due, rule)) = self.next_due()
            && due <= now
        {
            self.fire(rule, now);
            self.settle(now);
        }
    }

    /// True once [`Record::Ended`] has been put out: what is still to be polled is the last.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// False while the caller hears music or ringing instead of the secretary: what they say then is for nobody here. The driver gives
    /// it neither to the ear nor to the engine.
    pub fn is_listening(&self) -> bool {
        let away = match self.stage {
            Stage::PutThrough(_) => true,
            Stage::HandingOver { .. } => self.is_told_of_transfers(),
            Stage::Opening | Stage::Talking | Stage::LastWords { .. } | Stage::Over => false,
        };
        !away && !self.is_held()
    }

    fn advance_clock(&mut self, now: Instant) -> Instant {
        self.latest = self.latest.max(now);
        self.latest
    }

    fn engine_event(&mut self, event: EngineEvent, now: Instant) {
        if self.engine == Engine::Gone {
            return;
        }
        match event {
            EngineEvent::Ready => self.engine_ready(),
            EngineEvent::Heard { turn, text, is_final } => self.heard(turn, &text, is_final),
            EngineEvent::TurnEnded => self.turn_ended(now),
            EngineEvent::Interrupted { answer } => self.interrupted(answer, now),
            EngineEvent::AnswerStarted { answer, cause } => self.answer_started(answer, cause, now),
            EngineEvent::AnswerText { answer, text, at_ms } => self.utterances.text(answer, text, at_ms, now),
            EngineEvent::AnswerAudio { answer, total_ms } => self.answer_audio(answer, total_ms, now),
            EngineEvent::AnswerDone { answer } => self.answer_done(answer, now),
            EngineEvent::ToolCall { id, name, arguments } => self.tool_called(id, name, arguments, now),
            EngineEvent::ToolCancelled { id } => self.tool_cancelled(&id, now),
            EngineEvent::Replaced { kind, engine } => self.engine_replaced(kind, engine, now),
            EngineEvent::Failed { kind, .. } => self.engine_failed(kind, now),
        }
    }

    fn playout_event(&mut self, event: PlayoutEvent, now: Instant) {
        match event {
            PlayoutEvent::Position { utterance, played } => self.utterances.position(utterance, played, now),
            PlayoutEvent::Finished { utterance, played } => self.finished(utterance, played, now),
            PlayoutEvent::Full { answer } => self.overflowed(answer),
        }
    }

    fn leg_event(&mut self, event: LegEvent, now: Instant) {
        match event {
            LegEvent::Attached => self.attached(now),
            LegEvent::Detached => self.detached(),
            LegEvent::Ended => self.line_ended(),
        }
    }

    /// Draws the conclusions of what has happened until there are none.
    fn settle(&mut self, now: Instant) {
        while self.conclude(now) {}
        let idle = self.is_idle();
        self.silence.observe(idle, now);
    }

    /// Draws one conclusion. True if there may be more.
    fn conclude(&mut self, now: Instant) -> bool {
        match self.stage {
            Stage::Opening => self.open(now),
            Stage::Talking => {
                self.greet_after_notice(now)
                    || self.step_turn(now)
                    || self.sweep()
                    || self.notice_overlooked(now)
                    || self.depart_if_due(now)
                    || self.pass_a_note_on(now)
            }
            Stage::LastWords { .. } => self.follow_last_words(now),
            Stage::PutThrough(_) | Stage::HandingOver { .. } | Stage::Over => false,
        }
    }

    /// Says the first words once there is somebody to say them and somebody to hear them.
    fn open(&mut self, now: Instant) -> bool {
        // What is said first needs an engine only where that is to say it.
        let somebody = self.engine == Engine::Ready || !self.rules.engine.verbatim;
        if self.line != Line::Attached || !somebody {
            return false;
        }
        self.stage = Stage::Talking;
        self.utterances.resumed(now);
        let greeting = self.rules.greeting.clone();
        if self.rules.notice.trim().is_empty() {
            self.greet(&greeting, now);
        } else {
            let notice = self.rules.notice.clone();
            self.greeting = Some(greeting);
            self.speak(&notice, Guard::Shielded, now);
        }
        true
    }

    /// Says the greeting when the notice has been heard. Who speaks by then speaks into the greeting.
    fn greet_after_notice(&mut self, now: Instant) -> bool {
        let said = self.utterances.is_empty() && self.thinking.owed_say().is_none();
        if !said || self.line != Line::Attached {
            return false;
        }
        if self.thinking.owed_turn().is_some() || self.floor.turn().is_some() {
            // The caller has spoken into a break of the stream, and has the word or is answered already: nobody is greeted in between.
            self.greeting = None;
            return false;
        }
        let Some(greeting) = self.greeting.take() else {
            return false;
        };
        self.greet(&greeting, now);
        true
    }

    fn greet(&mut self, greeting: &str, now: Instant) {
        let guard = if self.rules.greeting_interruptible {
            Guard::Open
        } else {
            Guard::Shielded
        };
        self.speak(greeting, guard, now);
    }

    /// Has a text said by whoever can. Nothing is said of an empty one.
    fn speak(&mut self, text: &str, guard: Guard, now: Instant) {
        if text.trim().is_empty() {
            return;
        }
        self.unhold(now);
        let text = text.to_owned();
        if self.rules.engine.verbatim && self.engine == Engine::Ready {
            let say = self
                .thinking
                .expect_say(&text, guard, now + self.rules.answer_limit, now);
            self.tell(EngineCommand::Say { say, text });
            return;
        }
        self.prompt(text, guard, now);
    }

    /// Has a text said by the driver.
    fn prompt(&mut self, text: String, guard: Guard, now: Instant) {
        let prompt = self.utterances.begin_prompt(&text, guard, now);
        self.outputs.push_back(Output::PlayPrompt { prompt, text });
    }

    /// What the caller's speech would put an end to.
    fn stake(&self) -> Stake {
        if self.utterances.is_sounding() {
            return Stake::Sounding;
        }
        if self.thinking.owes() || !self.utterances.is_empty() || self.departure.is_awaited() {
            return Stake::Unsaid;
        }
        Stake::Nothing
    }

    /// Whether something sounds, or a text of the call's own is about to.
    fn is_saying(&self) -> bool {
        self.utterances.is_sounding() || self.thinking.owed_say().is_some()
    }

    /// Whether the caller is waited for and nothing else.
    fn is_idle(&self) -> bool {
        self.stage == Stage::Talking
            && self.line == Line::Attached
            && self.utterances.is_empty()
            && !self.thinking.owes()
            && self.tools.is_empty()
            && self.departure.is_none()
            && !self.is_held()
            && self.floor.is_quiet(self.rules.engine.turns)
    }

    /// Ends all that is being said, and tells everyone what of it was heard. A pause ends with it.
    fn clear(&mut self, reason: ClearReason) {
        let through = self.utterances.newest();
        self.leg(LegCommand::Clear { through, reason });
        // What is interrupted before its first sound is not owed any more.
        for cause in self.utterances.causes() {
            self.thinking.pay(cause);
        }
        let cut = self.utterances.cut();
        for heard in &cut {
            if let Utterance::Answer(answer) = heard.utterance {
                self.tell(EngineCommand::Interrupt {
                    answer,
                    heard: heard.played,
                    text: heard.text.clone(),
                });
            }
        }
        for heard in cut {
            self.note_heard(heard, Completeness::Cut);
        }
        if self.floor.is_disputed() {
            self.floor.set_claim(Claim::Upheld);
        }
        self.stray = Stray::None;
    }

    /// Ends all that is being said, if anything is or a pause holds.
    fn clear_if_needed(&mut self, reason: ClearReason) {
        if !self.utterances.is_empty() || self.floor.is_disputed() {
            self.clear(reason);
        }
    }

    fn note_heard(&mut self, heard: crate::utterances::Heard, completeness: Completeness) {
        if heard.played.0 == 0 {
            return;
        }
        if !heard.text.is_empty() {
            self.transcript(Role::Assistant, &heard.text, Finality::Final);
        }
        self.record(heard.record(completeness));
    }

    fn transcript(&mut self, role: Role, text: &str, finality: Finality) {
        let is_final = finality == Finality::Final;
        self.leg(LegCommand::Transcript {
            role,
            text: text.to_owned(),
            is_final,
        });
    }

    fn tell(&mut self, command: EngineCommand) {
        if self.engine != Engine::Gone {
            self.outputs.push_back(Output::Engine(command));
        }
    }

    fn leg(&mut self, command: LegCommand) {
        self.outputs.push_back(Output::Leg(command));
    }

    fn record(&mut self, record: Record) {
        self.outputs.push_back(Output::Record(record));
    }
}

/// Whether more of a transcript may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finality {
    Interim,
    Final,
}

/// Whether an utterance was heard to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Completeness {
    Whole,
    Cut,
}

impl crate::utterances::Heard {
    fn record(self, completeness: Completeness) -> Record {
        let cut = completeness == Completeness::Cut;
        Record::Heard {
            utterance: self.utterance,
            played: self.played,
            cut,
            text: self.text,
        }
    }
}
