//! Which answer is under way and which wait: pure.

use call::{AnswerId, Cause, Digit, ToolCallId};
use std::collections::VecDeque;

/// How many answers wait at most behind the one under way; a caller who hammers on the keys is not answered for each.
const WAITING: usize = 16;

/// An answer that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Want {
    pub(super) cause: Cause,
    pub(super) ask: Ask,
    /// How long the words took, for the record.
    pub(super) stt_ms: u64,
}

/// What it is to answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ask {
    /// The caller's words.
    Words(String),
    /// Speech of which no words could be found.
    Unheard,
    /// Speech without words: the answer to what was said before and never answered, else one that is over at once.
    Nothing,
    /// A key.
    Key(Digit),
    /// What became of a tool.
    ToolResult {
        /// Which.
        id: ToolCallId,
        /// True if it did what was asked.
        ok: bool,
        /// What came of it.
        result: String,
    },
    /// A text, word for word.
    Text(String),
}

/// What an interruption meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// The answer under way: it is none any more.
    Current,
    /// One that had been given whole, but was still being heard.
    Past,
    /// Nothing that was ever begun.
    Nothing,
}

/// The answers of one call, one after the other.
#[derive(Debug, Default)]
pub(super) struct Answers {
    last: AnswerId,
    current: Option<AnswerId>,
    waiting: VecDeque<Want>,
}

impl Answers {
    /// Queues an answer; gives it back where too many wait.
    pub(super) fn want(&mut self, want: Want) -> Result<(), Want> {
        if self.waiting.len() >= WAITING {
            return Err(want);
        }
        self.waiting.push_back(want);
        Ok(())
    }

    /// Begins the next answer if none is under way.
    pub(super) fn begin(&mut self) -> Option<(AnswerId, Want)> {
        if self.current.is_some() {
            return None;
        }
        let want = self.waiting.pop_front()?;
        self.last = self.last.next();
        self.current = Some(self.last);
        Some((self.last, want))
    }

    /// The answer under way is complete.
    pub(super) fn end(&mut self) {
        self.current = None;
    }

    /// Stops an answer.
    pub(super) fn interrupt(&mut self, answer: AnswerId) -> Met {
        if self.current.take_if(|current| *current == answer).is_some() {
            return Met::Current;
        }
        if answer == AnswerId(0) || answer > self.last {
            return Met::Nothing;
        }
        Met::Past
    }

    /// Takes back the waiting answer to this cause.
    pub(super) fn withdraw(&mut self, cause: Cause) {
        self.waiting.retain(|want| want.cause != cause);
    }

    /// Nothing is wanted any more.
    pub(super) fn clear(&mut self) {
        self.current = None;
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::SayId;

    fn text(say: u32) -> Want {
        Want {
            cause: Cause::Say(SayId(say)),
            ask: Ask::Text(say.to_string()),
            stt_ms: 0,
        }
    }

    #[test]
    fn answers_come_one_after_the_other_with_rising_numbers() {
        let mut answers = Answers::default();
        assert_eq!(answers.begin(), None);
        answers.want(text(1)).unwrap();
        answers.want(text(2)).unwrap();
        assert_eq!(answers.begin(), Some((AnswerId(1), text(1))));
        assert_eq!(answers.begin(), None, "one is under way");
        answers.end();
        assert_eq!(answers.begin(), Some((AnswerId(2), text(2))));
    }

    #[test]
    fn an_interruption_stops_the_answer_under_way_and_knows_the_past() {
        let mut answers = Answers::default();
        assert_eq!(answers.interrupt(AnswerId(1)), Met::Nothing);
        for say in 1..=3 {
            answers.want(text(say)).unwrap();
        }
        answers.begin();
        answers.end();
        answers.begin();
        assert_eq!(answers.interrupt(AnswerId(1)), Met::Past);
        assert_eq!(answers.begin(), None, "the second is still under way");
        assert_eq!(answers.interrupt(AnswerId(2)), Met::Current);
        assert_eq!(
            answers.begin(),
            Some((AnswerId(3), text(3))),
            "what waits is not void"
        );
        assert_eq!(answers.interrupt(AnswerId(4)), Met::Nothing);
    }

    #[test]
    fn the_queue_is_bounded_and_a_waiting_answer_can_be_withdrawn() {
        let mut answers = Answers::default();
        for say in 0..16 {
            answers.want(text(say)).unwrap();
        }
        assert_eq!(answers.want(text(16)), Err(text(16)));
        answers.withdraw(Cause::Say(SayId(0)));
        answers.want(text(16)).unwrap();
        assert_eq!(answers.begin(), Some((AnswerId(1), text(1))));
        answers.clear();
        assert_eq!(answers.begin(), None);
    }
}
