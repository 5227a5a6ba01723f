//! One turn of the caller: what is known of it, and what that calls for.

use crate::words::Weight;
use crate::{By, Settings, TurnId};
use std::time::Instant;

/// What the caller's speech would put an end to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stake {
    /// Nothing.
    Nothing,
    /// Something that does not sound yet: an answer or a text that is on its way, or the end of the call.
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
pub(crate) enum Claim {
    /// Nothing was being said.
    Undisputed,
    /// Something was, and is held until it is clear whether this is meant.
    Disputed,
    /// It was meant: nothing else is said before the turn is over.
    Upheld,
}

/// Whether the caller is speaking.
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

/// Whether the turn is over, as the model or the engine sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Open,
    Complete,
}

/// A turn that is being spoken.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) id: TurnId,
    pub(crate) origin: Origin,
    pub(crate) claim: Claim,
    /// When the caller began to speak.
    pub(crate) began: Instant,
    flow: Flow,
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

impl Turn {
    /// One that begins now.
    pub(crate) fn new(id: TurnId, stake: Stake, now: Instant) -> Self {
        let claim = if stake == Stake::Nothing {
            Claim::Undisputed
        } else {
            Claim::Disputed
        };
        Self {
            id,
            origin: Origin::New,
            claim,
            began: now,
            flow: Flow::Speaking,
            onset: now,
            words: Words::Some(String::new()),
            verdict: Verdict::Open,
            unjudged: 0,
        }
    }

    /// Whether the caller is speaking.
    pub(crate) fn is_speaking(&self) -> bool {
        self.flow == Flow::Speaking
    }

    /// The caller speaks again.
    pub(crate) fn go_on(&mut self, now: Instant) {
        self.flow = Flow::Speaking;
        self.onset = now;
        self.verdict = Verdict::Open;
        self.words.grow();
    }

    /// The caller falls silent.
    pub(crate) fn pause(&mut self, turns: By, now: Instant) {
        self.flow = Flow::Paused(now);
        if turns == By::Call {
            self.words.grow();
        }
    }

    /// The line was away: a pause counts from now.
    pub(crate) fn restart(&mut self, now: Instant) {
        if let Flow::Paused(since) = &mut self.flow {
            *since = now;
        }
    }

    /// The present pause is to be judged.
    pub(crate) fn asked(&mut self) {
        self.unjudged = self.unjudged.saturating_add(1);
    }

    /// A judgement. It counts if it is that of the pause in which the caller still is.
    pub(crate) fn judged(&mut self, complete: bool) {
        let Some(unjudged) = self.unjudged.checked_sub(1) else {
            return;
        };
        self.unjudged = unjudged;
        if complete && unjudged == 0 && !self.is_speaking() {
            self.verdict = Verdict::Complete;
        }
    }

    /// The engine has judged that the turn is over.
    pub(crate) fn complete(&mut self) {
        self.verdict = Verdict::Complete;
    }

    /// Words, with their weight if they are all.
    pub(crate) fn hear(&mut self, text: &str, all: Option<Weight>, turns: By) {
        // The call asks for words in a pause: if the caller speaks again, they are not all. An engine that ends turns may
        // be faster than the ear.
        let in_time = !self.is_speaking() || turns == By::Engine;
        self.words = match all {
            Some(weight) if in_time || weight == Weight::Words => Words::All(text.to_owned(), weight),
            _ => Words::Some(text.to_owned()),
        };
    }

    /// The words so far.
    pub(crate) fn words(&self) -> &str {
        match &self.words {
            Words::Some(text) | Words::All(text, _) => text,
        }
    }

    /// The words, if all are known.
    pub(crate) fn all_words(&self) -> Option<&str> {
        match &self.words {
            Words::All(text, _) => Some(text),
            Words::Some(_) => None,
        }
    }

    /// When the last sound ended, if the ear has told.
    pub(crate) fn speech_ended(&self) -> Option<Instant> {
        match self.flow {
            Flow::Paused(since) => Some(since),
            Flow::Speaking => None,
        }
    }

    /// When [`Turn::step`] has something else to say, if nothing happens.
    pub(crate) fn deadline(&self, rules: &Settings) -> Option<Instant> {
        match (self.claim, self.flow) {
            (Claim::Disputed, Flow::Paused(since)) => Some(since + rules.hold_limit),
            (Claim::Disputed, Flow::Speaking) => {
                (rules.engine.interruptions == By::Call).then_some(self.onset + rules.min_speech)
            }
            (_, Flow::Paused(since)) => {
                (rules.engine.turns == By::Call).then_some(since + rules.turn_silence)
            }
            (_, Flow::Speaking) => None,
        }
    }

    /// What is to be done. `clock` is none while time does not count for the caller.
    pub(crate) fn step(&self, rules: &Settings, stake: Stake, clock: Option<Instant>) -> Step {
        let timed_out = matches!((self.deadline(rules), clock), (Some(due), Some(now)) if due <= now);
        match self.claim {
            Claim::Disputed => self.disputed(rules, stake, timed_out),
            Claim::Undisputed | Claim::Upheld => self.held(rules, timed_out),
        }
    }

    /// Whether the turn is certainly meant, however little is known of it by now.
    pub(crate) fn is_meant(&self, rules: &Settings, now: Instant) -> bool {
        if self.claim == Claim::Upheld {
            return true;
        }
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
