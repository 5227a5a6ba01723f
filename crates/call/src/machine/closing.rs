//! The end: departures that the engine asks for, last words, failure, hang-up.

use super::{Call, Engine, Line};
use crate::ending::{Asker, Departure, LastWords, Otherwise, Stage, Then};
use crate::tools::{HandOver, Own, Way};
use crate::utterances::Guard;
use crate::{
    Capabilities, Cause, ClearReason, EngineCommand, FailureKind, LegCommand, Outcome, Output, PlayedMs,
    Record,
};
use std::time::Instant;

impl Call {
    /// The caller wants something else than the end that the engine has in mind.
    pub(super) fn call_off(&mut self, why: &str, now: Instant) {
        if let Some(id) = self.departure.call_off() {
            self.tools.end(&id);
            if self.tools.is_empty() {
                self.thinking.restart(now + self.rules.answer_limit);
            }
            self.tell(EngineCommand::ToolResult {
                id,
                ok: false,
                result: why.to_owned(),
            });
        }
    }

    /// Ends or transfers the call when the engine's last words were heard.
    pub(super) fn depart_if_due(&mut self, now: Instant) -> bool {
        if self.line != Line::Attached || self.floor.turn().is_some() {
            return false;
        }
        let silent = self.utterances.is_empty();
        let Some(due) = self.departure.due(silent, self.is_saying(), now) else {
            return false;
        };
        match (due.aim, due.words) {
            (Own::EndCall, LastWords::Said) => self.hang_up(Outcome::Completed),
            (Own::EndCall, LastWords::Unsaid) => {
                let farewell = self.rules.farewell.clone();
                self.say_last_words(farewell, Then::HangUp(Outcome::Completed), now);
            }
            (Own::Hold, _) => self.hold(due.id, now),
            (Own::HandOver(to), _) => self.hand_over(Asker::Engine(due.id), to, now),
        }
        true
    }

    /// What is due of a departure: the PBX did not do what it was asked for, or the last words never began.
    pub(super) fn departure_overdue(&mut self, now: Instant) {
        let Departure::Transferring(transfer) = &self.departure else {
            return;
        };
        if transfer.until <= now {
            let by = transfer.by.clone();
            self.departure = Departure::None;
            let why = "the PBX did not transfer the call in time";
            self.tell_asker(by, why.to_owned(), now);
        }
    }

    /// Says what nothing interrupts, and then what follows.
    pub(super) fn say_last_words(&mut self, text: String, then: Then, now: Instant) {
        self.clear_if_needed(ClearReason::End);
        self.end_conversation();
        self.speak(&text, Guard::Shielded, now);
        self.stage = Stage::LastWords {
            text,
            then,
            until: now + self.rules.farewell_limit,
        };
    }

    fn end_conversation(&mut self) {
        self.discard_turn();
        if let Some(turn) = self.thinking.owed_turn() {
            self.tell(EngineCommand::Discard { turn });
        }
        self.thinking.supersede();
        self.tools.forget();
        self.departure = Departure::None;
    }

    /// Does what follows the last words once they were heard.
    pub(super) fn follow_last_words(&mut self, now: Instant) -> bool {
        let said = self.utterances.is_empty() && self.thinking.owed_say().is_none();
        if !said || self.line != Line::Attached {
            return false;
        }
        self.last_words_over(now)
    }

    /// The last words were heard, or had their time.
    pub(super) fn last_words_over(&mut self, now: Instant) -> bool {
        let Stage::LastWords { then, .. } = &self.stage else {
            return false;
        };
        match then.clone() {
            Then::HangUp(outcome) => self.hang_up(outcome),
            Then::HandOver(destination) => {
                self.clear_if_needed(ClearReason::End);
                let to = HandOver {
                    destination: destination.clone(),
                    way: Way::Blind,
                };
                self.order_transfer(to, now);
                self.stage = Stage::HandingOver {
                    destination,
                    until: now + self.longest_transfer(),
                    otherwise: Otherwise::HangUp,
                };
            }
        }
        true
    }

    /// Nobody took the line over.
    pub(super) fn hand_over_failed(&mut self, now: Instant) {
        let Stage::HandingOver { otherwise, .. } = self.stage else {
            return;
        };
        self.stage = Stage::Talking;
        match otherwise {
            Otherwise::Apologise => self.apologise(now),
            Otherwise::HangUp => self.hang_up(Outcome::EngineFailed),
        }
    }

    pub(super) fn engine_failed(&mut self, kind: FailureKind, now: Instant) {
        self.record(Record::EngineFailed { kind });
        self.engine = Engine::Gone;
        match &self.stage {
            // The PBX is at it, and needs no engine.
            Stage::PutThrough(_) | Stage::HandingOver { .. } | Stage::Over => {}
            Stage::LastWords { text, .. } => {
                let text = text.clone();
                self.repeat_last_words(&text, now);
            }
            Stage::Opening | Stage::Talking => self.lose_engine(now),
        }
    }

    /// Another engine takes the place of the one that failed. Whoever waits for an answer, or has heard half of one, is told to wait.
    pub(super) fn engine_replaced(&mut self, kind: FailureKind, engine: Capabilities, now: Instant) {
        self.record(Record::EngineReplaced { kind });
        self.engine = Engine::Connecting;
        self.rules.engine = engine;
        match &self.stage {
            Stage::Opening | Stage::PutThrough(_) | Stage::HandingOver { .. } | Stage::Over => {}
            Stage::LastWords { text, .. } => {
                let text = text.clone();
                self.repeat_last_words(&text, now);
            }
            Stage::Talking => self.bridge(now),
        }
    }

    fn bridge(&mut self, now: Instant) {
        if let Some(said) = self.thinking.owed_say().cloned() {
            // Nothing of it was heard: the driver says it.
            self.thinking.forget_say();
            return self.speak(&said.text, said.guard, now);
        }
        let cut = self.utterances.complete_answers(now);
        let until = now + self.rules.answer_limit;
        if matches!(cut, Some(Cause::Turn(_) | Cause::FollowUp)) {
            self.thinking.owe_again(until, now);
        }
        if !self.thinking.owes_answer() {
            return;
        }
        self.thinking.restart(until);
        let bridge = self.rules.bridge.clone();
        if !bridge.trim().is_empty()
            && !self.is_held()
            && self.floor.turn().is_none()
            && self.thinking.may_ask_for_patience()
        {
            self.thinking.asked_for_patience();
            self.prompt(bridge, Guard::Open, now);
        }
    }

    /// The engine fails while it says the last words: the driver says them.
    fn repeat_last_words(&mut self, text: &str, now: Instant) {
        if self.thinking.owed_say().is_none() && !self.utterances.has_answers() {
            return;
        }
        self.clear(ClearReason::Engine);
        self.thinking.supersede();
        self.speak(text, Guard::Shielded, now);
    }

    fn lose_engine(&mut self, now: Instant) {
        let Some(transfer) = self.departure.take_transfer() else {
            return self.apologise(now);
        };
        self.clear(ClearReason::Engine);
        self.end_conversation();
        self.stage = Stage::HandingOver {
            destination: transfer.destination,
            until: transfer.until,
            otherwise: Otherwise::Apologise,
        };
    }

    /// Tells the caller that the engine is gone, and hands the call to somebody if there is one.
    pub(super) fn apologise(&mut self, now: Instant) {
        self.apologise_and(self.rules.fallback.clone(), now);
    }

    /// The same where one who might be asked has just not taken the call.
    pub(super) fn apologise_but_not_to(&mut self, tried: &str, now: Instant) {
        let other = self.rules.fallback.clone().filter(|fallback| fallback != tried);
        self.apologise_and(other, now);
    }

    fn apologise_and(&mut self, fallback: Option<String>, now: Instant) {
        self.clear(ClearReason::Engine);
        let somebody = fallback.filter(|destination| !destination.trim().is_empty());
        let then = somebody.map_or(Then::HangUp(Outcome::EngineFailed), Then::HandOver);
        let apology = self.rules.apology.clone();
        self.say_last_words(apology, then, now);
    }

    /// Ended from outside.
    pub(super) fn stop(&mut self) {
        self.hang_up(Outcome::Stopped);
    }

    fn hang_up(&mut self, outcome: Outcome) {
        self.drop_utterances_if_any();
        self.leg(LegCommand::HangUp);
        self.end(outcome);
    }

    /// The caller is gone, without our doing.
    pub(super) fn leave(&mut self, outcome: Outcome) {
        self.drop_utterances_if_any();
        self.end(outcome);
    }

    fn drop_utterances_if_any(&mut self) {
        if !self.utterances.is_empty() || self.floor.is_disputed() {
            self.drop_utterances();
        }
    }

    /// Ends what is being said: nobody is left to be told of it but the record.
    pub(super) fn drop_utterances(&mut self) {
        let through = self.utterances.newest();
        self.leg(LegCommand::Clear {
            through,
            reason: ClearReason::End,
        });
        for heard in self.utterances.cut() {
            if heard.played > PlayedMs(0) {
                self.record(Record::Heard {
                    utterance: heard.utterance,
                    played: heard.played,
                    cut: true,
                    text: heard.text,
                });
            }
        }
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        if self.is_told_of_transfers() {
            self.record_transfer_at_end(outcome);
        }
        self.outputs.push_back(Output::Record(Record::Ended { outcome }));
        self.stage = Stage::Over;
    }
}
