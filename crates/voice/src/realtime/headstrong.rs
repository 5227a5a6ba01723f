//! What providers have in common that hear, answer and interrupt by themselves: which turn an answer answers, which words are
//! whose, and what of an answer still counts.

use super::Outlet;
use call::{AnswerId, Cause, EngineEvent, SayId, TurnId};
use std::collections::VecDeque;

/// The conversation with such a provider, as the call is told of it.
#[derive(Debug, Default)]
pub(crate) struct Headstrong {
    /// What is to be sent and told.
    pub(crate) outlet: Outlet,
    caller: Caller,
    /// The turn that the provider has ended and not answered yet.
    owed: Option<TurnId>,
    /// The provider was given something that it may answer: a tool's result, a key.
    follow_up: bool,
    says: VecDeque<Say>,
    giving: Giving,
    last: AnswerId,
    /// The last answer, which may still be heard: whether its interruption is yet to be told.
    sounding: Option<AnswerId>,
    /// Half a sample that a piece ended with.
    odd_byte: Option<u8>,
    /// The present answer has text already.
    has_text: bool,
}

/// What the caller says.
#[derive(Debug, Default)]
struct Caller {
    /// The call's number for it; none where the provider was faster than the ear.
    turn: Option<TurnId>,
    words: String,
    /// Some of the words are not told as all that there are.
    unsettled: bool,
    answered: bool,
}

/// A text that the provider was told to say.
#[derive(Debug)]
struct Say {
    id: SayId,
    text: String,
}

/// What the provider gives at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Giving {
    #[default]
    Nothing,
    Answer(AnswerId),
    /// An answer that nobody wants any more.
    Void,
}

impl Headstrong {
    /// The call began a turn, or the same turn goes on.
    pub(crate) fn turn_started(&mut self, turn: TurnId) {
        if self.caller.turn == Some(turn) {
            return;
        }
        let unclaimed = self.caller.turn.is_none() && !self.caller.answered && self.caller.unsettled;
        if unclaimed {
            self.caller.turn = Some(turn);
            return self.tell_words(false);
        }
        self.settle();
        self.caller = Caller {
            turn: Some(turn),
            ..Caller::default()
        };
    }

    /// That was no turn: whatever the provider answers to it is its own idea.
    pub(crate) fn discard(&mut self, turn: TurnId) {
        if self.caller.turn == Some(turn) {
            self.caller = Caller::default();
        }
        self.owed.take_if(|owed| *owed == turn);
    }

    /// More words of the caller's.
    pub(crate) fn words(&mut self, more: &str) {
        self.add(more, "");
        self.tell_words(false);
    }

    /// All the words of a sentence of the caller's.
    pub(crate) fn sentence(&mut self, text: &str) {
        let space = if self.caller.words.is_empty() { "" } else { " " };
        self.add(text, space);
        self.settle();
    }

    /// No more of the present words will come.
    pub(crate) fn settle(&mut self) {
        if self.caller.unsettled {
            self.tell_words(true);
            self.caller.unsettled = false;
        }
    }

    fn add(&mut self, more: &str, space: &str) {
        if self.caller.answered && !self.caller.unsettled {
            self.caller = Caller::default();
        }
        self.caller.words.push_str(space);
        self.caller.words.push_str(more);
        self.caller.unsettled = true;
    }

    fn tell_words(&mut self, is_final: bool) {
        self.outlet.tell(EngineEvent::Heard {
            turn: self.caller.turn,
            text: self.caller.words.trim().to_owned(),
            is_final,
        });
    }

    /// The provider says that the caller's turn is over.
    pub(crate) fn turn_ended(&mut self) {
        self.owed = self.caller.turn;
        self.outlet.tell(EngineEvent::TurnEnded);
    }

    /// The provider was asked to answer a turn whose words another session has heard.
    pub(crate) fn asked(&mut self, turn: TurnId) {
        self.owed = Some(turn);
    }

    /// Whether the caller speaks into an answer of which the provider has given all: it does not know that it is still heard.
    pub(crate) fn is_spoken_into(&self) -> bool {
        self.giving == Giving::Nothing && self.caller.turn.is_some() && !self.caller.answered
    }

    /// The provider was given something that it may answer.
    pub(crate) fn expect_follow_up(&mut self) {
        self.follow_up = true;
    }

    /// The provider was told to say this.
    pub(crate) fn expect_say(&mut self, id: SayId, text: String) {
        self.says.push_back(Say { id, text });
    }

    /// The provider gives something: if it is not of the present answer, or of one that is void, an answer begins.
    pub(crate) fn begin(&mut self) {
        if self.giving == Giving::Nothing {
            let cause = self.cause();
            self.start(cause);
        }
    }

    /// The provider begins to give something new: what was void is over.
    pub(crate) fn begin_anew(&mut self) {
        if self.giving == Giving::Void {
            self.giving = Giving::Nothing;
        }
        self.begin();
    }

    /// The provider begins to say these words, which may be what it was told to say.
    pub(crate) fn begin_words(&mut self, words: &str) {
        let said = |say: &Say| say.text.trim().starts_with(words.trim()) || words.trim() == say.text.trim();
        let Some(say) = self
            .says
            .iter()
            .position(said)
            .filter(|_| !words.trim().is_empty())
        else {
            return self.begin_anew();
        };
        self.done();
        let id = self.says.drain(..=say).next_back().map(|say| say.id);
        if let Some(id) = id {
            self.start(Cause::Say(id));
        }
    }

    fn start(&mut self, cause: Cause) {
        self.last = self.last.next();
        self.giving = Giving::Answer(self.last);
        self.sounding = Some(self.last);
        self.odd_byte = None;
        self.has_text = false;
        self.outlet.tell(EngineEvent::AnswerStarted {
            answer: self.last,
            cause,
        });
    }

    /// Words decide first: what was heard is answered before what was only told.
    fn cause(&mut self) -> Cause {
        if let Some(turn) = self.owed.take() {
            self.caller.answered |= self.caller.turn == Some(turn);
            return Cause::Turn(turn);
        }
        let unanswered = !self.caller.answered;
        let has_words = unanswered && !self.caller.words.is_empty();
        if !has_words && std::mem::take(&mut self.follow_up) {
            return Cause::FollowUp;
        }
        self.caller.answered = true;
        match self.caller.turn {
            Some(turn) if unanswered => Cause::Turn(turn),
            None if has_words => {
                // The ear has missed it.
                self.outlet.tell(EngineEvent::TurnEnded);
                Cause::Own
            }
            _ => Cause::Own,
        }
    }

    /// The provider does not say what it was told to: that is an answer of which nothing is heard.
    pub(crate) fn say_refused(&mut self) {
        if let Some(say) = self.says.pop_front() {
            self.done();
            self.start(Cause::Say(say.id));
            self.done();
        }
    }

    /// A sentence of the present answer.
    pub(crate) fn answer_sentence(&mut self, sentence: &str) {
        let space = if self.has_text { " " } else { "" };
        self.text(format!("{space}{sentence}"));
    }

    /// Text of the present answer.
    pub(crate) fn text(&mut self, text: String) {
        if let Giving::Answer(answer) = self.giving {
            self.has_text = true;
            let at_ms = None;
            self.outlet.tell(EngineEvent::AnswerText { answer, text, at_ms });
        }
    }

    /// Audio of the present answer: mono, 16 bit, little-endian, cut anywhere.
    pub(crate) fn audio(&mut self, bytes: &[u8]) {
        let Giving::Answer(answer) = self.giving else {
            return;
        };
        let mut samples = Vec::with_capacity(bytes.len().div_ceil(2));
        let mut bytes = bytes.iter().copied();
        while let Some(low) = self.odd_byte.take().or_else(|| bytes.next()) {
            match bytes.next() {
                Some(high) => samples.push(i16::from_le_bytes([low, high])),
                None => {
                    self.odd_byte = Some(low);
                    break;
                }
            }
        }
        self.outlet.audio(answer, samples);
    }

    /// The provider has given all of the present answer.
    pub(crate) fn done(&mut self) {
        if let Giving::Answer(answer) = std::mem::take(&mut self.giving) {
            self.outlet.tell(EngineEvent::AnswerDone { answer });
        }
    }

    /// The provider has stopped its answer, or would have, were it not complete: the caller speaks into it.
    pub(crate) fn interrupted(&mut self) {
        self.owed = None;
        if let Some(answer) = self.sounding.take() {
            self.outlet.tell(EngineEvent::Interrupted { answer });
        }
        self.done();
    }

    /// What the provider still gives is void, until it begins something new.
    pub(crate) fn mute(&mut self) {
        self.done();
        self.giving = Giving::Void;
    }

    /// This answer and later ones are wanted no more. What the provider still gives of them is void.
    pub(crate) fn stop_from(&mut self, first: AnswerId) {
        self.sounding.take_if(|answer| *answer >= first);
        if matches!(self.giving, Giving::Answer(answer) if answer >= first) {
            self.mute();
        }
    }
}

#[cfg(test)]
mod tests;
