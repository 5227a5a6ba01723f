//! Who has the floor: the caller's speech and the turns that it makes.

use crate::turn::{Claim, Origin, Stake, Step, Turn};
use crate::words::Weight;
use crate::{By, Settings, TurnId};
use std::time::Instant;

/// The caller, as the ear tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ear {
    Silent,
    /// Speaking, and it was taken notice of.
    Speaking,
    /// Speaking since a moment in which it did not count: it does as soon as it may.
    Overlooked,
}

/// A turn that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) turn: TurnId,
    /// When its last sound ended, if the ear has told.
    pub(crate) speech_ended: Option<Instant>,
    /// Its words, if all are known.
    pub(crate) words: Option<String>,
}

/// Which turn words belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The one that is being spoken.
    Current,
    /// The last that was over.
    Past(TurnId, Origin),
}

/// The caller's side of the conversation.
#[derive(Debug)]
pub(crate) struct Floor {
    ear: Ear,
    turn: Option<Turn>,
    last: TurnId,
    /// The last turn that was over before all its words were known.
    wordless: Option<(TurnId, Origin)>,
}

impl Floor {
    /// A silent caller.
    pub(crate) fn new() -> Self {
        Self {
            ear: Ear::Silent,
            turn: None,
            last: TurnId(0),
            wordless: None,
        }
    }

    /// The caller speaks where it does not count.
    pub(crate) fn overlook(&mut self) {
        self.ear = Ear::Overlooked;
    }

    /// What the caller said while nobody listened is past.
    pub(crate) fn hush(&mut self) {
        self.ear = Ear::Silent;
    }

    /// Whether the caller has been speaking where it did not count.
    pub(crate) fn is_overlooked(&self) -> bool {
        self.ear == Ear::Overlooked
    }

    /// Begins a turn.
    pub(crate) fn begin(&mut self, stake: Stake, now: Instant) -> TurnId {
        self.ear = Ear::Speaking;
        self.last = self.last.next();
        self.turn = Some(Turn::new(self.last, stake, now));
        self.last
    }

    /// The caller speaks again in a turn that is not over. None if the turn was not paused.
    pub(crate) fn go_on(&mut self, now: Instant) -> Option<TurnId> {
        self.ear = Ear::Speaking;
        let turn = self.turn.as_mut().filter(|turn| !turn.is_speaking())?;
        turn.go_on(now);
        Some(turn.id)
    }

    /// The caller falls silent. The turn that pauses by it, if one does.
    pub(crate) fn pause(&mut self, turns: By, now: Instant) -> Option<TurnId> {
        self.ear = Ear::Silent;
        let turn = self.turn.as_mut().filter(|turn| turn.is_speaking())?;
        turn.pause(turns, now);
        Some(turn.id)
    }

    /// The present pause is to be judged.
    pub(crate) fn asked(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.asked();
        }
    }

    /// A judgement.
    pub(crate) fn judged(&mut self, id: TurnId, complete: bool) {
        if let Some(turn) = self.turn.as_mut().filter(|turn| turn.id == id) {
            turn.judged(complete);
        }
    }

    /// The engine has judged that the turn is over.
    pub(crate) fn complete(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.complete();
        }
    }

    /// Which turn words are of: those of a known turn, or those of an engine that leaves the turn out.
    pub(crate) fn whose(&self, turn: Option<TurnId>) -> Option<Whose> {
        let current = self.turn.as_ref();
        let past = self.wordless.map(|(turn, origin)| Whose::Past(turn, origin));
        match turn {
            Some(id) if current.is_some_and(|turn| turn.id == id) => Some(Whose::Current),
            Some(id) => past.filter(|_| self.wordless.is_some_and(|(turn, _)| turn == id)),
            // While the caller still speaks, words of the whole turn can only be those of the one before.
            None if current.is_some_and(|turn| !turn.is_speaking()) => Some(Whose::Current),
            None => past.or(current.map(|_| Whose::Current)),
        }
    }

    /// Words of the current turn, with their weight if they are all. True if they may be told: nothing is disputed.
    pub(crate) fn hear(&mut self, text: &str, all: Option<Weight>, turns: By) -> bool {
        let Some(turn) = &mut self.turn else { return false };
        turn.hear(text, all, turns);
        turn.claim != Claim::Disputed
    }

    /// All words of the past turn are known.
    pub(crate) fn words_known(&mut self) {
        self.wordless = None;
    }

    /// The words of the current turn so far.
    pub(crate) fn words_so_far(&self) -> &str {
        self.turn.as_ref().map_or("", Turn::words)
    }

    /// The turn that is being spoken.
    pub(crate) fn turn(&self) -> Option<TurnId> {
        self.turn.as_ref().map(|turn| turn.id)
    }

    /// What the turn's claim to the floor is, if there is a turn.
    pub(crate) fn claim(&self) -> Option<Claim> {
        self.turn.as_ref().map(|turn| turn.claim)
    }

    /// Whether something is held because of the turn.
    pub(crate) fn is_disputed(&self) -> bool {
        self.claim() == Some(Claim::Disputed)
    }

    /// The turn's claim changes with what is being said.
    pub(crate) fn set_claim(&mut self, claim: Claim) {
        if let Some(turn) = &mut self.turn {
            turn.claim = claim;
        }
    }

    /// The turn goes on with the sentence of the one before.
    pub(crate) fn continues(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.origin = Origin::Continued;
        }
    }

    /// When the caller began to speak.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.turn.as_ref().map(|turn| turn.began)
    }

    /// The turn is none.
    pub(crate) fn discard(&mut self) -> Option<TurnId> {
        self.turn.take().map(|turn| turn.id)
    }

    /// The turn is over.
    pub(crate) fn close(&mut self) -> Option<Over> {
        let turn = self.turn.take()?;
        let words = turn.all_words().map(str::to_owned);
        self.wordless = words.is_none().then_some((turn.id, turn.origin));
        Some(Over {
            turn: turn.id,
            speech_ended: turn.speech_ended(),
            words,
        })
    }

    /// The caller's line is back: a pause counts from now.
    pub(crate) fn restart(&mut self, now: Instant) {
        if let Some(turn) = &mut self.turn {
            turn.restart(now);
        }
    }

    /// Whether the caller says nothing, and what was said is the engine's to judge or answer.
    pub(crate) fn is_quiet(&self, turns: By) -> bool {
        let engines = self.turn.is_none() || (turns == By::Engine && !self.is_disputed());
        self.ear == Ear::Silent && engines
    }

    /// Whether there is a turn that is certainly meant.
    pub(crate) fn is_meant(&self, rules: &Settings, now: Instant) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.is_meant(rules, now))
    }

    /// What is to be done about the turn. `clock` is none while time does not count for the caller.
    pub(crate) fn step(&self, rules: &Settings, stake: Stake, clock: Option<Instant>) -> Step {
        self.turn
            .as_ref()
            .map_or(Step::Wait, |turn| turn.step(rules, stake, clock))
    }

    /// When [`Floor::step`] has something else to say, if nothing happens.
    pub(crate) fn deadline(&self, rules: &Settings) -> Option<Instant> {
        self.turn.as_ref()?.deadline(rules)
    }
}
