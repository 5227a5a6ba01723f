//! Who has the floor: the caller's speech, the turns that it makes, and what becomes of one that begins while something
//! is being said.

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

/// What the caller's speech would put an end to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stake {
    /// Nothing.
    Nothing,
    /// Something that does not sound yet: a text that is on its way, or the end of the call.
    Unsaid,
    /// Something that sounds.
    Sounding,
}

/// What came before a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing that still waits for an answer.
    New,
    /// A turn that was over too early: this one goes on with its sentence, and has its words even if it has none of its own.
    Continued,
}

/// Whether the caller may be spoken to in this turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Nothing was being said.
    Undisputed,
    /// Something was, and is held until it is clear whether this is meant.
    Disputed,
    /// It was meant: nothing else is said before the turn is over.
    Upheld,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Speaking,
    Paused(Instant),
}

/// The caller's words in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Words {
    /// Not known, or not all: more was said since, or is being found.
    Some(String),
    /// All up to the present pause.
    All(String, Weight),
}

impl Words {
    /// More may have been said since.
    fn grow(&mut self) {
        if let Self::All(text, _) = self {
            *self = Self::Some(std::mem::take(text));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Open,
    Complete,
}

#[derive(Debug)]
struct Turn {
    id: TurnId,
    origin: Origin,
    claim: Claim,
    flow: Flow,
    /// When the caller began to speak.
    began: Instant,
    /// When the caller began to speak after the last pause.
    onset: Instant,
    words: Words,
    verdict: Verdict,
    /// Judgements asked for and not yet given: all but the last are of earlier pauses.
    unjudged: u32,
}

/// What is to be done about the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing yet.
    Wait,
    /// What was held has ended by itself: let go.
    Release,
    /// It is meant: what is being said is over.
    Uphold,
    /// It was a sound or a murmur: what is being said goes on.
    Yield,
    /// It was nothing.
    Drop,
    /// It is over: answer it.
    Respond,
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

    /// Whether the caller has been speaking where it did not count.
    pub(crate) fn is_overlooked(&self) -> bool {
        self.ear == Ear::Overlooked
    }

    /// Begins a turn.
    pub(crate) fn begin(&mut self, stake: Stake, origin: Origin, now: Instant) -> TurnId {
        self.ear = Ear::Speaking;
        self.last = self.last.next();
        let claim = if stake == Stake::Nothing {
            Claim::Undisputed
        } else {
            Claim::Disputed
        };
        self.turn = Some(Turn {
            id: self.last,
            origin,
            claim,
            flow: Flow::Speaking,
            began: now,
            onset: now,
            words: Words::Some(String::new()),
            verdict: Verdict::Open,
            unjudged: 0,
        });
        self.last
    }

    /// The caller speaks again in a turn that is not over. None if the turn was not paused.
    pub(crate) fn go_on(&mut self, now: Instant) -> Option<TurnId> {
        self.ear = Ear::Speaking;
        let turn = self.turn.as_mut()?;
        if turn.flow == Flow::Speaking {
            return None;
        }
        turn.flow = Flow::Speaking;
        turn.onset = now;
        turn.verdict = Verdict::Open;
        turn.words.grow();
        Some(turn.id)
    }

    /// The caller falls silent. The turn that pauses by it, if one does.
    pub(crate) fn pause(&mut self, turns: By, now: Instant) -> Option<TurnId> {
        self.ear = Ear::Silent;
        let turn = self.turn.as_mut().filter(|turn| turn.flow == Flow::Speaking)?;
        turn.flow = Flow::Paused(now);
        if turns == By::Call {
            turn.words.grow();
        }
        Some(turn.id)
    }

    /// The present pause is to be judged.
    pub(crate) fn asked(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.unjudged = turn.unjudged.saturating_add(1);
        }
    }

    /// A judgement. It counts if it is that of the pause in which the caller still is.
    pub(crate) fn judged(&mut self, id: TurnId, complete: bool) {
        let Some(turn) = self
            .turn
            .as_mut()
            .filter(|turn| turn.id == id && turn.unjudged > 0)
        else {
            return;
        };
        turn.unjudged -= 1;
        if complete && turn.unjudged == 0 && turn.flow != Flow::Speaking {
            turn.verdict = Verdict::Complete;
        }
    }

    /// The engine has judged that the turn is over.
    pub(crate) fn complete(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.verdict = Verdict::Complete;
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
            None if current.is_some_and(|turn| turn.flow != Flow::Speaking) => Some(Whose::Current),
            None => past.or(current.map(|_| Whose::Current)),
        }
    }

    /// Words of the current turn. True if they may be told: nothing is disputed.
    pub(crate) fn words(&mut self, text: &str, all: Option<Weight>, turns: By) -> bool {
        let Some(turn) = &mut self.turn else { return false };
        // The call asks for words in a pause: if the caller speaks again, they are not all. An engine that ends turns may
        // be faster than the ear.
        let in_time = turn.flow != Flow::Speaking || turns == By::Engine;
        turn.words = match all {
            Some(weight) if in_time || weight == Weight::Words => Words::All(text.to_owned(), weight),
            _ => Words::Some(text.to_owned()),
        };
        turn.claim != Claim::Disputed
    }

    /// All words of the past turn are known.
    pub(crate) fn words_known(&mut self) {
        self.wordless = None;
    }

    /// The words of the current turn so far.
    pub(crate) fn words_so_far(&self) -> &str {
        match self.turn.as_ref().map(|turn| &turn.words) {
            Some(Words::Some(text) | Words::All(text, _)) => text,
            None => "",
        }
    }

    /// The turn that is being spoken.
    pub(crate) fn turn(&self) -> Option<TurnId> {
        self.turn.as_ref().map(|turn| turn.id)
    }

    /// Whether something is held because of the turn.
    pub(crate) fn is_disputed(&self) -> bool {
        self.turn
            .as_ref()
            .is_some_and(|turn| turn.claim == Claim::Disputed)
    }

    /// Whether there is a turn that was begun in silence, and which anything that is said now would talk over.
    pub(crate) fn is_undisputed(&self) -> bool {
        self.turn
            .as_ref()
            .is_some_and(|turn| turn.claim == Claim::Undisputed)
    }

    /// Something is said into the turn.
    pub(crate) fn dispute(&mut self) {
        self.set_claim(Claim::Disputed);
    }

    /// Nothing is said any more in this turn.
    pub(crate) fn uphold(&mut self) {
        self.set_claim(Claim::Upheld);
    }

    /// What was held has ended by itself.
    pub(crate) fn release(&mut self) {
        self.set_claim(Claim::Undisputed);
    }

    fn set_claim(&mut self, claim: Claim) {
        if let Some(turn) = &mut self.turn {
            turn.claim = claim;
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
        let words = match turn.words {
            Words::All(text, _) => Some(text),
            Words::Some(_) => None,
        };
        self.wordless = words.is_none().then_some((turn.id, turn.origin));
        let speech_ended = match turn.flow {
            Flow::Paused(since) => Some(since),
            Flow::Speaking => None,
        };
        Some(Over {
            turn: turn.id,
            speech_ended,
            words,
        })
    }

    /// The caller's line is back: a pause counts from now.
    pub(crate) fn restart(&mut self, now: Instant) {
        let Some(turn) = &mut self.turn else { return };
        if let Flow::Paused(since) = &mut turn.flow {
            *since = now;
        }
    }

    /// Whether the caller says nothing and what was said is the engine's to judge or answer.
    pub(crate) fn is_quiet(&self, turns: By) -> bool {
        let paused = match &self.turn {
            None => true,
            Some(turn) => turns == By::Engine && turn.claim != Claim::Disputed,
        };
        self.ear == Ear::Silent && paused
    }

    /// Whether the turn is certainly meant, however little is known of it by now.
    pub(crate) fn is_meant(&self, rules: &Settings, now: Instant) -> bool {
        self.turn
            .as_ref()
            .is_some_and(|turn| turn.claim == Claim::Upheld || turn.is_meant(rules, now))
    }

    /// What is to be done about the turn. `clock` is none while time does not count for the caller.
    pub(crate) fn step(&self, rules: &Settings, stake: Stake, clock: Option<Instant>) -> Step {
        let Some(turn) = &self.turn else { return Step::Wait };
        let timed_out = matches!((self.deadline(rules), clock), (Some(due), Some(now)) if due <= now);
        match turn.claim {
            Claim::Disputed => turn.disputed(rules, stake, timed_out),
            Claim::Undisputed | Claim::Upheld => turn.held(rules, timed_out),
        }
    }

    /// When [`Floor::step`] has something else to say, if nothing happens.
    pub(crate) fn deadline(&self, rules: &Settings) -> Option<Instant> {
        let turn = self.turn.as_ref()?;
        match (turn.claim, turn.flow) {
            (Claim::Disputed, Flow::Paused(since)) => Some(since + rules.hold_limit),
            (Claim::Disputed, Flow::Speaking) => {
                (rules.engine.interruptions == By::Call).then_some(turn.onset + rules.min_speech)
            }
            (_, Flow::Paused(since)) => {
                (rules.engine.turns == By::Call).then_some(since + rules.turn_silence)
            }
            (_, Flow::Speaking) => None,
        }
    }
}

impl Turn {
    fn is_meant(&self, rules: &Settings, now: Instant) -> bool {
        let until = match self.flow {
            Flow::Speaking => now,
            Flow::Paused(since) => since,
        };
        let long = until.saturating_duration_since(self.onset) >= rules.min_speech;
        long || matches!(self.words, Words::All(_, Weight::Words))
    }

    fn disputed(&self, rules: &Settings, stake: Stake, timed_out: bool) -> Step {
        let engine_moved_on = rules.engine.turns == By::Engine && self.verdict == Verdict::Complete;
        match stake {
            Stake::Nothing => return Step::Release,
            Stake::Unsaid if engine_moved_on => return Step::Uphold,
            Stake::Unsaid | Stake::Sounding => {}
        }
        if rules.engine.interruptions == By::Engine {
            return if timed_out { Step::Yield } else { Step::Wait };
        }
        match (self.flow, &self.words) {
            (_, Words::All(_, Weight::Words)) => Step::Uphold,
            (Flow::Speaking, _) if timed_out => Step::Uphold,
            (Flow::Paused(since), _) if self.is_meant(rules, since) => Step::Uphold,
            (Flow::Paused(_), Words::All(..)) => Step::Yield,
            (Flow::Paused(_), Words::Some(_)) if timed_out => Step::Yield,
            _ => Step::Wait,
        }
    }

    fn held(&self, rules: &Settings, timed_out: bool) -> Step {
        let wordless = matches!(self.words, Words::All(_, Weight::Nothing)) && self.flow != Flow::Speaking;
        match (wordless, self.origin, rules.engine.turns) {
            (true, Origin::New, _) => return Step::Drop,
            (true, Origin::Continued, By::Call) => return Step::Respond,
            _ => {}
        }
        if self.verdict == Verdict::Complete || (self.flow != Flow::Speaking && timed_out) {
            return Step::Respond;
        }
        Step::Wait
    }
}
