//! The caller's side: speech, turns, words and keys.

use super::{Call, Finality, Line};
use crate::ending::Stage;
use crate::floor::Whose;
use crate::turn::{Claim, Origin, Stake, Step};
use crate::utterances::Guard;
use crate::{By, Cause, ClearReason, Digit, EngineCommand, LegCommand, Output, Record, Role, TurnId};
use std::time::{Duration, Instant};

/// How long an engine may think about a key before the call counts it as one that means nothing to it.
const KEY_LIMIT: Duration = Duration::from_secs(2);

impl Call {
    pub(super) fn speech_started(&mut self, now: Instant) {
        if self.stage != Stage::Talking || self.is_held() {
            return self.floor.overlook();
        }
        if self.floor.turn().is_none() {
            return self.onset(now);
        }
        if let Some(turn) = self.floor.go_on(now) {
            self.tell(EngineCommand::TurnStarted { turn });
        }
    }

    /// The caller begins to speak, and no turn is open.
    fn onset(&mut self, now: Instant) {
        let shielded = self.utterances.is_shielded()
            || self
                .thinking
                .owed_say()
                .is_some_and(|said| said.guard == Guard::Shielded);
        if shielded {
            return self.floor.overlook();
        }
        let stake = self.stake();
        if stake != Stake::Nothing {
            self.leg(LegCommand::Pause);
        }
        let turn = self.floor.begin(stake, now);
        self.tell(EngineCommand::TurnStarted { turn });
    }

    pub(super) fn speech_ended(&mut self, now: Instant) {
        let overlooked = self.floor.is_overlooked();
        let Some(turn) = self.floor.pause(self.rules.engine.turns, now) else {
            if !overlooked {
                self.thinking.speech_ended(now);
            }
            return;
        };
        if self.rules.engine.turns == By::Call {
            self.tell(EngineCommand::Transcribe { turn });
            self.floor.asked();
            self.outputs.push_back(Output::JudgeTurn { turn });
        }
    }

    /// The engine has decided that the caller's turn is over.
    pub(super) fn turn_ended(&mut self, now: Instant) {
        if self.rules.engine.turns == By::Call || self.stage != Stage::Talking || self.is_held() {
            return;
        }
        if self.floor.turn().is_some() {
            return self.floor.complete();
        }
        // A turn that the ear has missed.
        if self.stake() == Stake::Nothing {
            let silent = self.floor.is_quiet(By::Engine);
            let turn = self.floor.begin(Stake::Nothing, now);
            self.tell(EngineCommand::TurnStarted { turn });
            if silent {
                self.floor.pause(By::Engine, now);
            }
            self.floor.complete();
        }
    }

    pub(super) fn heard(&mut self, turn: Option<TurnId>, text: &str, is_final: bool) {
        match self.floor.whose(turn) {
            Some(Whose::Current) => self.heard_of_current(text, is_final),
            Some(Whose::Past(turn, origin)) => self.heard_of_past(turn, origin, text, is_final),
            None => {}
        }
    }

    fn heard_of_current(&mut self, text: &str, is_final: bool) {
        let weight = is_final.then(|| self.backchannels.weigh(text));
        if self.floor.hear(text, weight, self.rules.engine.turns) {
            self.tell_words_so_far();
        }
    }

    fn tell_words_so_far(&mut self) {
        let text = self.floor.words_so_far().to_owned();
        if !text.trim().is_empty() {
            self.silence.broken();
            self.transcript(Role::User, &text, Finality::Interim);
        }
    }

    fn heard_of_past(&mut self, turn: TurnId, origin: Origin, text: &str, is_final: bool) {
        if !text.trim().is_empty() {
            self.silence.broken();
            let finality = if is_final {
                Finality::Final
            } else {
                Finality::Interim
            };
            self.transcript(Role::User, text, finality);
        }
        if !is_final {
            return;
        }
        self.floor.words_known();
        // An engine that has ended the turn by itself answers it, whatever became of its words.
        let nothing = text.trim().is_empty() && origin == Origin::New && self.rules.engine.turns == By::Call;
        if nothing && !self.utterances.answers(Cause::Turn(turn)) && self.thinking.forget(turn) {
            self.tell(EngineCommand::Discard { turn });
        }
    }

    /// Does what the state of the turn calls for. True if that was anything.
    pub(super) fn step_turn(&mut self, now: Instant) -> bool {
        let clock = (self.line == Line::Attached).then_some(now);
        match self.floor.step(&self.rules, self.stake(), clock) {
            Step::Wait => return false,
            Step::Release => {
                self.floor.set_claim(Claim::Undisputed);
                self.leg(LegCommand::Resume);
            }
            Step::Uphold => self.uphold_turn(now),
            Step::Yield => self.yield_turn(now),
            Step::Drop => self.discard_turn(),
            Step::Respond => self.respond(now),
        }
        true
    }

    /// The caller means it: what is being said is over, and whatever is being thought about was not the whole sentence.
    pub(super) fn uphold_turn(&mut self, now: Instant) {
        let stake = self.stake();
        self.clear(ClearReason::BargeIn);
        if stake == Stake::Sounding {
            let began = self.floor.began().unwrap_or(now);
            let after = now.saturating_duration_since(began);
            self.record(Record::BargeIn {
                after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
            });
        }
        self.floor.set_claim(Claim::Upheld);
        let unanswered = self.thinking.supersede();
        if let Some(id) = self.departure.sought() {
            self.tools.end(id);
        }
        // With a tool under way its result is still answered: the sentence before this one is not lost.
        if unanswered && self.tools.is_empty() {
            self.floor.continues();
        }
        self.call_off("the caller went on speaking", now);
        self.tell_words_so_far();
    }

    /// It was a sound or a murmur: what is being said goes on.
    fn yield_turn(&mut self, now: Instant) {
        let stake = self.stake();
        self.discard_turn();
        self.leg(LegCommand::Resume);
        if stake == Stake::Sounding {
            self.record(Record::FalseBargeIn);
        }
        self.utterances.resumed(now);
        self.departure.restart(now);
    }

    pub(super) fn discard_turn(&mut self) {
        if let Some(turn) = self.floor.discard() {
            self.tell(EngineCommand::Discard { turn });
        }
    }

    pub(super) fn respond(&mut self, now: Instant) {
        let Some(over) = self.floor.close() else { return };
        let turn = over.turn;
        if self.rules.engine.interruptions == By::Call {
            // An answer that began while the caller spoke and has no sound yet would be a second one.
            self.clear_if_needed(ClearReason::BargeIn);
        }
        self.tell(EngineCommand::Respond { turn });
        self.record(Record::UserTurn { turn });
        let words = over.words.unwrap_or_default();
        if !words.trim().is_empty() {
            self.transcript(Role::User, &words, Finality::Final);
        }
        let ended = over.speech_ended.unwrap_or(now);
        self.thinking
            .expect_answer(turn, ended, now + self.rules.answer_limit, now);
    }

    /// Takes up speech that began while nothing might interrupt.
    pub(super) fn notice_overlooked(&mut self, now: Instant) -> bool {
        if !self.floor.is_overlooked() || self.is_held() {
            return false;
        }
        self.onset(now);
        !self.floor.is_overlooked()
    }

    pub(super) fn key(&mut self, digit: Digit, now: Instant) {
        if self.stage != Stage::Talking {
            return;
        }
        self.silence.broken();
        self.unhold(now);
        let said = self.thinking.owed_say();
        let shielded =
            self.utterances.is_shielded() || said.is_some_and(|said| said.guard == Guard::Shielded);
        if !shielded {
            self.interrupt_by_key(now);
        }
        self.tell(EngineCommand::Dtmf { digit });
        self.thinking.expect_follow_up(now + KEY_LIMIT, now);
    }

    fn interrupt_by_key(&mut self, now: Instant) {
        if self.is_saying() {
            self.clear(ClearReason::Key);
            self.thinking.supersede();
        }
        self.call_off("the caller pressed a key", now);
    }
}
