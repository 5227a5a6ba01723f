//! What the engine owes: the answer to a turn, a key or a tool's result, or a text to be said.

use crate::utterances::Guard;
use crate::{Cause, SayId, TurnId};
use std::time::{Duration, Instant};

/// A text that the engine was told to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) say: SayId,
    pub(crate) text: String,
    pub(crate) guard: Guard,
}

/// What is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owed {
    /// The answer to a turn.
    Answer(TurnId),
    /// The answer to a key or a tool's result, or one to a turn that now waits for either.
    FollowUp,
    /// A text word for word.
    Say(Said),
}

/// What becomes of what is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    /// It need not come.
    Forgiven,
    /// It is to come from another engine.
    Wanted,
    /// It was to come from another engine, and has not.
    Hopeless,
}

/// What it means if it does not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overdue {
    /// Another engine is wanted.
    Fails,
    /// Another engine was wanted already.
    FailsForGood,
    /// There was nothing to be said.
    Forgiven,
}

#[derive(Debug)]
struct Debt {
    owed: Owed,
    /// Since when it is owed.
    since: Instant,
    until: Instant,
    overdue: Overdue,
}

/// A turn to which nothing was heard yet.
#[derive(Debug, Clone, Copy)]
struct Unanswered {
    turn: TurnId,
    speech_ended: Instant,
}

/// What the engine owes.
#[derive(Debug, Default)]
pub(crate) struct Thinking {
    debt: Option<Debt>,
    /// The turn whose answers are still wanted: the last that was responded to, unless the caller went on.
    answerable: Option<TurnId>,
    unanswered: Option<Unanswered>,
    last_say: SayId,
    /// Whether the caller was told to wait for what is owed.
    told_to_wait: bool,
}

impl Thinking {
    /// An answer to a turn is owed.
    pub(crate) fn expect_answer(
        &mut self,
        turn: TurnId,
        speech_ended: Instant,
        until: Instant,
        now: Instant,
    ) {
        self.told_to_wait = false;
        self.debt = Some(Debt {
            owed: Owed::Answer(turn),
            since: now,
            until,
            overdue: Overdue::Fails,
        });
        self.answerable = Some(turn);
        self.unanswered = Some(Unanswered { turn, speech_ended });
    }

    /// A text is to be said.
    pub(crate) fn expect_say(&mut self, text: &str, guard: Guard, until: Instant, now: Instant) -> SayId {
        self.last_say = self.last_say.next();
        let said = Said {
            say: self.last_say,
            text: text.to_owned(),
            guard,
        };
        self.debt = Some(Debt {
            owed: Owed::Say(said),
            since: now,
            until,
            overdue: Overdue::Fails,
        });
        self.last_say
    }

    /// Something may follow: what was owed for a turn may come as that. Where nothing was owed, nothing need come.
    pub(crate) fn expect_follow_up(&mut self, until: Instant, now: Instant) {
        match &mut self.debt {
            Some(debt) => debt.follows(),
            None => {
                self.debt = Some(Debt {
                    owed: Owed::FollowUp,
                    since: now,
                    until,
                    overdue: Overdue::Forgiven,
                });
            }
        }
    }

    /// A tool was called: what is owed for a turn will come after its result.
    pub(crate) fn tool_called(&mut self) {
        if let Some(debt) = &mut self.debt {
            debt.follows();
        }
    }

    /// The engine need wait no longer: its time begins anew.
    pub(crate) fn restart(&mut self, until: Instant) {
        if let Some(debt) = &mut self.debt {
            debt.until = until;
            if debt.overdue == Overdue::FailsForGood {
                debt.overdue = Overdue::Fails;
            }
        }
    }

    /// The speech of the unanswered turn ended only now: the engine was faster than the ear.
    pub(crate) fn speech_ended(&mut self, now: Instant) {
        if let Some(unanswered) = &mut self.unanswered {
            unanswered.speech_ended = now;
        }
    }

    /// The caller went on, or the call has other plans: nothing is owed any more. True if a turn is left unanswered.
    pub(crate) fn supersede(&mut self) -> bool {
        let waiting = self.debt.take().is_some();
        self.answerable = None;
        self.unanswered.take().is_some() && waiting
    }

    /// The turn was none. True if its answer was still owed.
    pub(crate) fn forget(&mut self, turn: TurnId) -> bool {
        let owed = self
            .debt
            .take_if(|debt| debt.owed == Owed::Answer(turn))
            .is_some();
        if owed {
            self.answerable = None;
            self.unanswered = None;
        }
        owed
    }

    /// Whether answers to this turn are wanted.
    pub(crate) fn is_answerable(&self, turn: TurnId) -> bool {
        self.answerable == Some(turn)
    }

    /// The text that is owed under this number.
    pub(crate) fn said(&self, say: SayId) -> Option<&Said> {
        self.owed_say().filter(|said| said.say == say)
    }

    /// The text that is owed.
    pub(crate) fn owed_say(&self) -> Option<&Said> {
        match &self.debt.as_ref()?.owed {
            Owed::Say(said) => Some(said),
            Owed::Answer(_) | Owed::FollowUp => None,
        }
    }

    /// Whether an answer (and no text of the call's own) is owed.
    pub(crate) fn owes_answer(&self) -> bool {
        self.debt.is_some() && self.owed_say().is_none()
    }

    /// The turn to which an answer is owed.
    pub(crate) fn owed_turn(&self) -> Option<TurnId> {
        self.unanswered
            .map(|unanswered| unanswered.turn)
            .filter(|_| self.owes_answer())
    }

    /// Whether anything is owed.
    pub(crate) fn owes(&self) -> bool {
        self.debt.is_some()
    }

    /// No text of the call's own is to be said any more.
    pub(crate) fn forget_say(&mut self) {
        self.debt.take_if(|debt| matches!(debt.owed, Owed::Say(_)));
    }

    /// What need not come is not waited for any longer.
    pub(crate) fn forgive(&mut self) {
        self.debt.take_if(|debt| debt.overdue == Overdue::Forgiven);
    }

    /// An answer of this cause has come, with or without sound.
    pub(crate) fn pay(&mut self, cause: Cause) {
        self.debt.take_if(|debt| match (&debt.owed, cause) {
            (Owed::Say(said), Cause::Say(say)) => said.say == say,
            (Owed::Say(_), _) | (_, Cause::Say(_)) => false,
            (Owed::Answer(_) | Owed::FollowUp, _) => true,
        });
    }

    /// The first sound of an answer of this cause is there: the turn that it answers and how long after the caller's last
    /// sound, once a turn.
    pub(crate) fn answered(&mut self, cause: Cause, now: Instant) -> Option<(TurnId, Duration)> {
        let answers = match cause {
            Cause::Turn(_) | Cause::FollowUp => self.unanswered.take()?,
            Cause::Say(_) | Cause::Own => return None,
        };
        Some((answers.turn, now.saturating_duration_since(answers.speech_ended)))
    }

    /// When what is owed is overdue.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.debt.as_ref().map(|debt| debt.until)
    }

    /// It is overdue. What still is to come has its time anew.
    pub(crate) fn overdue(&mut self, until: Instant) -> Late {
        let Some(debt) = &mut self.debt else {
            return Late::Forgiven;
        };
        match debt.overdue {
            Overdue::Fails => {
                debt.overdue = Overdue::FailsForGood;
                debt.until = until;
                Late::Wanted
            }
            Overdue::FailsForGood => Late::Hopeless,
            Overdue::Forgiven => {
                self.debt = None;
                Late::Forgiven
            }
        }
    }

    /// The answer to the last turn was cut short by a failure: it is owed once more.
    pub(crate) fn owe_again(&mut self, until: Instant, now: Instant) {
        // What no other session can be asked for need not come.
        let (owed, overdue) = match self.answerable {
            Some(turn) => (Owed::Answer(turn), Overdue::Fails),
            None => (Owed::FollowUp, Overdue::Forgiven),
        };
        self.debt.get_or_insert(Debt {
            owed,
            since: now,
            until,
            overdue,
        });
    }

    /// Since when an answer is owed to a caller who was not told to wait for it.
    pub(crate) fn answer_owed_since(&self) -> Option<Instant> {
        let debt = self.debt.as_ref().filter(|_| self.may_ask_for_patience())?;
        (self.owes_answer() && debt.overdue != Overdue::Forgiven).then_some(debt.since)
    }

    /// Whether the caller was not yet told to wait for what is owed.
    pub(crate) fn may_ask_for_patience(&self) -> bool {
        !self.told_to_wait
    }

    /// The caller is told to wait.
    pub(crate) fn asked_for_patience(&mut self) {
        self.told_to_wait = true;
    }
}

impl Debt {
    fn follows(&mut self) {
        if matches!(self.owed, Owed::Answer(_)) {
            self.owed = Owed::FollowUp;
        }
    }
}
