//! What time alone brings about.

use super::{Call, Engine, Line};
use crate::ending::{Stage, Then};
use crate::silence::Overlong;
use crate::thinking::Late;
use crate::utterances::Guard;
use crate::{Cause, ClearReason, EngineCommand, FailureKind, Outcome, Output, Record};
use std::time::{Duration, Instant};

/// A rule whose time has come. Of two at the same instant the one that stands first here goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    /// The longest call.
    Total,
    /// The engine was not ready in time.
    Opening,
    /// The last words had their time.
    LastWords,
    /// Nobody took the line over.
    HandOver,
    /// A pause of the caller, or how long speech into something that is being said has lasted.
    Turn,
    /// Something that the engine owes.
    Answer,
    /// A caller who has waited for an answer.
    Patience,
    /// An utterance that ought to have ended.
    Stall,
    /// A tool.
    Tool,
    /// Words for the caller while a tool takes its time.
    WaitingWords,
    /// A departure that waits for its last words, or for the PBX.
    Departure,
    /// A transfer whose outcome the PBX ought to have told.
    Transfer,
    /// The music for a caller on hold.
    Hold,
    /// The caller's silence.
    Silence,
}

/// Some engines tell the end of an answer up to 3 s after its last sound came.
const LEAST_GAP: Duration = Duration::from_secs(3);

impl Call {
    pub(super) fn next_due(&self) -> Option<(Instant, Rule)> {
        match &self.stage {
            Stage::Over => None,
            Stage::LastWords { until, .. } => Some((*until, Rule::LastWords)),
            Stage::HandingOver { until, .. } => Some((*until, Rule::HandOver)),
            Stage::PutThrough(transfer) => [
                Some((transfer.until, Rule::Transfer)),
                self.tools.deadline().map(|due| (due, Rule::Tool)),
            ]
            .into_iter()
            .flatten()
            .min(),
            Stage::Opening => [
                (self.total_due(), Rule::Total),
                (self.opening_due(), Rule::Opening),
            ]
            .into_iter()
            .filter_map(|(due, rule)| Some((due?, rule)))
            .min(),
            Stage::Talking => self.talking_due(),
        }
    }

    fn talking_due(&self) -> Option<(Instant, Rule)> {
        let attached = self.line == Line::Attached;
        let with_line = |due: Option<Instant>| due.filter(|_| attached);
        // What follows a tool or a transfer has its time after that.
        let departs = !self.departure.is_none() && self.thinking.owed_say().is_none();
        let answer = self
            .thinking
            .deadline()
            .filter(|_| self.tools.is_empty() && !departs && !self.is_held());
        let stall = self
            .utterances
            .stalled(self.longest_gap())
            // What is still owed has a limit of its own, and so has a tool.
            .filter(|_| !self.floor.is_disputed() && !self.thinking.owes() && self.tools.is_empty());
        [
            (self.total_due(), Rule::Total),
            (with_line(self.floor.deadline(&self.rules)), Rule::Turn),
            (answer, Rule::Answer),
            (with_line(self.patience_due()), Rule::Patience),
            (with_line(stall), Rule::Stall),
            (self.tools.deadline(), Rule::Tool),
            (with_line(self.tools.words_due()), Rule::WaitingWords),
            (self.departure_due(), Rule::Departure),
            (self.held_until, Rule::Hold),
            (self.silence.deadline(self.rules.silence), Rule::Silence),
        ]
        .into_iter()
        .filter_map(|(due, rule)| Some((due?, rule)))
        .min()
    }

    fn total_due(&self) -> Option<Instant> {
        let limited = !self.rules.total.is_zero() && !self.departure.is_transferring();
        limited.then_some(self.started + self.rules.total)
    }

    fn opening_due(&self) -> Option<Instant> {
        let awaited = self.engine == Engine::Connecting && self.rules.engine.verbatim;
        awaited.then_some(self.started + self.rules.answer_limit)
    }

    fn departure_due(&self) -> Option<Instant> {
        let free = self.line == Line::Attached && self.floor.turn().is_none();
        if !free && self.departure.is_awaited() {
            return None;
        }
        self.departure.deadline(self.is_saying())
    }

    /// Does what was due before `now`.
    pub(super) fn catch_up(&mut self, now: Instant) {
        while let Some((due, rule)) = self.next_due()
            && due < now
        {
            self.fire(rule, now);
            self.settle(now);
        }
    }

    /// Does what a rule calls for. Whatever it is, the rule is not due again at once.
    pub(super) fn fire(&mut self, rule: Rule, now: Instant) {
        match rule {
            Rule::Total => {
                let farewell = self.rules.farewell.clone();
                self.say_last_words(farewell, Then::HangUp(Outcome::TimeLimit), now);
            }
            Rule::Opening => self.engine_failed(FailureKind::Transient, now),
            Rule::LastWords => {
                self.last_words_over(now);
            }
            Rule::HandOver if self.is_told_of_transfers() => self.transfer_overdue(now),
            Rule::HandOver => self.hand_over_failed(now),
            Rule::Transfer => self.transfer_overdue(now),
            Rule::Hold => self.held_too_long(now),
            // The turn is looked at after every event.
            Rule::Turn => {}
            Rule::Answer => self.answer_overdue(now),
            Rule::Patience => self.ask_for_patience(now),
            Rule::Stall => self.stalled(now),
            Rule::Tool => self.tool_overdue(now),
            Rule::WaitingWords => self.tool_takes_a_while(now),
            Rule::Departure => self.departure_overdue(now),
            Rule::Silence => self.too_silent(now),
        }
    }

    /// What need not come is forgiven. For the rest another engine is wanted, and if nothing comes of that either, there is none.
    fn answer_overdue(&mut self, now: Instant) {
        match self.thinking.overdue(now + self.rules.answer_limit) {
            Late::Forgiven => {}
            Late::Wanted => self.outputs.push_back(Output::ReplaceEngine),
            Late::Hopeless => self.engine_failed(FailureKind::Transient, now),
        }
    }

    /// When a caller who hears nothing is told that an answer is on its way.
    fn patience_due(&self) -> Option<Instant> {
        let wanted = !self.rules.patience.is_zero() && !self.rules.waiting.trim().is_empty();
        let hears_nothing = self.utterances.is_empty() && self.floor.turn().is_none() && !self.is_held();
        let stays = self.departure.is_none();
        self.thinking
            .answer_owed_since()
            .filter(|_| wanted && hears_nothing && stays)
            .and_then(|since| since.checked_add(self.rules.patience))
    }

    fn ask_for_patience(&mut self, now: Instant) {
        self.thinking.asked_for_patience();
        let waiting = self.rules.waiting.clone();
        self.prompt(waiting, Guard::Open, now);
    }

    /// What is said has not gone on for long. An answer of which more was to come is one that is still owed.
    fn stalled(&mut self, now: Instant) {
        let is_owed = matches!(
            self.utterances.coming_cause(),
            Some(Cause::Turn(_) | Cause::FollowUp)
        );
        if is_owed {
            // Before the engine is told that what it said is over: it was to say more.
            self.outputs.push_back(Output::ReplaceEngine);
        }
        self.clear(ClearReason::Engine);
        if is_owed {
            self.thinking.owe_again(now + self.rules.answer_limit, now);
        }
    }

    /// How long what is said may stop. An engine that does not say texts word for word makes answers faster than they are heard: one
    /// that pauses longer than the caller has patience, when all that came was heard, is in trouble. (What came and is not played is the
    /// leg's affair, which has limits of its own.)
    fn longest_gap(&self) -> Duration {
        let unheard = self.utterances.left_ms() > 0;
        if self.rules.engine.verbatim || self.rules.patience.is_zero() || unheard {
            self.rules.answer_limit
        } else {
            self.rules.patience.max(LEAST_GAP).min(self.rules.answer_limit)
        }
    }

    fn tool_overdue(&mut self, now: Instant) {
        if let Some((id, name)) = self.tools.late(now) {
            self.departure.cancel(&id);
            let result = format!("{name} did not answer in time: go on without it");
            self.record(Record::ToolTimedOut { name });
            self.tool_result(id, false, result, now);
        }
    }

    fn too_silent(&mut self, now: Instant) {
        // An engine that ends turns by itself has made nothing of what was said last. Once that may be a noise; twice it is deaf.
        if self.floor.turn().is_some() && self.silence.unheeded() {
            self.outputs.push_back(Output::ReplaceEngine);
        }
        self.discard_turn();
        match self.silence.overlong(self.rules.reprompts.len(), now) {
            Overlong::Reprompt(index) => {
                let text = self.rules.reprompts.get(index).cloned().unwrap_or_default();
                self.speak(&text, Guard::Open, now);
                self.tell(EngineCommand::NoInput);
            }
            Overlong::Farewell => {
                let farewell = self.rules.farewell.clone();
                self.say_last_words(farewell, Then::HangUp(Outcome::NoInput), now);
            }
        }
    }
}
