//! The model's answers: which of its responses is which of ours, how much audio each item has, and what of it still counts.

use audio::SampleRate;
use call::{AnswerId, Cause, PlayedMs};
use std::collections::VecDeque;

/// How many answers are remembered. One that is interrupted is rarely older than the last but one.
const REMEMBERED: usize = 32;

/// The answers of one session. The API makes one response at a time for a conversation, so the next is asked for only when
/// the last is done.
#[derive(Debug)]
pub(super) struct Answers {
    samples_per_ms: u64,
    last: AnswerId,
    known: VecDeque<Answer>,
    request: Option<Request>,
    wanted: Option<Cause>,
    /// The server is busy with a response that we do not know of.
    busy: bool,
    /// The last answer, which may still be heard: whether the caller speaks into it is yet to be told.
    sounding: Option<AnswerId>,
}

#[derive(Debug)]
struct Request {
    event_id: String,
    /// Nothing, once its answer is no longer wanted.
    cause: Option<Cause>,
}

#[derive(Debug)]
struct Answer {
    id: AnswerId,
    response_id: String,
    items: Vec<Item>,
    /// Half a sample that a delta ended with.
    odd_byte: Option<u8>,
    /// True once nothing more of it is told.
    over: bool,
    /// True once the server has nothing more of it.
    done: bool,
}

#[derive(Debug)]
struct Item {
    id: String,
    samples: u64,
}

/// A response that has begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is an answer.
    Answer(AnswerId, Cause),
    /// Nobody wants it any more: cancel it.
    Unwanted,
}

/// What is to be done to stop an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stopped {
    /// The answers whose end is to be told now.
    pub(super) ended: Vec<AnswerId>,
    /// The responses to cancel.
    pub(super) cancel: Vec<String>,
}

/// An item that is to lose what was not heard of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Truncation {
    pub(super) item_id: String,
    pub(super) audio_end_ms: u64,
}

impl Answers {
    /// No answers yet; their audio will have this rate.
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            samples_per_ms: u64::from(rate.hz() / 1_000),
            last: AnswerId::default(),
            known: VecDeque::new(),
            request: None,
            wanted: None,
            busy: false,
            sounding: None,
        }
    }

    /// An answer is wanted. One response answers all that is in the conversation, so a turn's goes before a follow-up's.
    pub(super) fn want(&mut self, cause: Cause) {
        if cause == Cause::FollowUp && self.wanted.is_some() {
            return;
        }
        self.wanted = Some(cause);
    }

    /// The answer under way is void because the caller went on: it is stopped, or will be as soon as it begins.
    pub(super) fn supersede(&mut self) -> Stopped {
        if let Some(request) = &mut self.request {
            request.cause = None;
        }
        match self.known.back().filter(|a| !a.done).map(|a| a.id) {
            Some(answer) => self.stop_from(answer),
            None => Stopped::default(),
        }
    }

    /// What to ask for next, if it is the moment. A follow-up waits until no tool is pending.
    pub(super) fn next_wanted(&mut self, tools_pending: bool) -> Option<Cause> {
        let running = self.request.is_some() || self.known.back().is_some_and(|a| !a.done);
        if self.busy || running || (tools_pending && self.wanted == Some(Cause::FollowUp)) {
            return None;
        }
        self.wanted.take()
    }

    /// An answer was asked for under this id.
    pub(super) fn requested(&mut self, event_id: String, cause: Cause) {
        self.request = Some(Request {
            event_id,
            cause: Some(cause),
        });
    }

    /// The request of that id was refused. True if there was one.
    pub(super) fn refused(&mut self, event_id: &str) -> bool {
        self.request.take_if(|r| r.event_id == event_id).is_some()
    }

    /// The request of that id was refused because the server is still busy: it is wanted again when it is done.
    pub(super) fn refused_as_busy(&mut self, event_id: &str) {
        let Some(request) = self.request.take_if(|r| r.event_id == event_id) else {
            return;
        };
        self.busy = true;
        self.wanted = self.wanted.or(request.cause);
    }

    /// The id of the request that has no answer yet.
    pub(super) fn pending_request(&self) -> Option<&str> {
        self.request.as_ref().map(|r| r.event_id.as_str())
    }

    /// The caller speaks into what is heard of an answer: which, told once.
    pub(super) fn spoken_into(&mut self) -> Option<AnswerId> {
        self.sounding.take()
    }

    /// The server has begun a response; `own` is its cause where it was not asked for.
    pub(super) fn begun(&mut self, response_id: String, own: Cause) -> Begun {
        let cause = match self.request.take() {
            Some(request) => request.cause,
            None => Some(own),
        };
        self.last = self.last.next();
        if self.known.len() == REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back(Answer {
            id: self.last,
            response_id,
            items: Vec::new(),
            odd_byte: None,
            over: cause.is_none(),
            done: false,
        });
        let Some(cause) = cause else {
            return Begun::Unwanted;
        };
        self.sounding = Some(self.last);
        Begun::Answer(self.last, cause)
    }

    /// The answer that a response is, while its text, audio and tools still count.
    pub(super) fn current(&self, response_id: &str) -> Option<AnswerId> {
        self.known
            .iter()
            .find(|a| a.response_id == response_id && !a.over)
            .map(|a| a.id)
    }

    /// Audio of a response (16 bit, little-endian), counted for its item.
    pub(super) fn audio(
        &mut self,
        response_id: &str,
        item_id: String,
        bytes: &[u8],
    ) -> Option<(AnswerId, Vec<i16>)> {
        let answer = self
            .known
            .iter_mut()
            .find(|a| a.response_id == response_id && !a.over)?;
        let samples = answer.samples(bytes);
        let added = samples.len() as u64;
        match answer.items.last_mut().filter(|item| item.id == item_id) {
            Some(item) => item.samples += added,
            None => answer.items.push(Item {
                id: item_id,
                samples: added,
            }),
        }
        Some((answer.id, samples))
    }

    /// The server is done with a response. The answer, if its end is to be told.
    pub(super) fn finished(&mut self, response_id: &str) -> Option<AnswerId> {
        self.busy = false;
        let answer = self.known.iter_mut().find(|a| a.response_id == response_id)?;
        answer.done = true;
        (!std::mem::replace(&mut answer.over, true)).then_some(answer.id)
    }

    /// Stops this answer and all later ones, of which the caller can have heard nothing.
    pub(super) fn stop_from(&mut self, first: AnswerId) -> Stopped {
        let mut stopped = Stopped::default();
        self.sounding.take_if(|answer| *answer >= first);
        for answer in self.known.iter_mut().filter(|a| a.id >= first && !a.over) {
            answer.over = true;
            stopped.ended.push(answer.id);
            stopped.cancel.push(answer.response_id.clone());
        }
        stopped
    }

    /// What the server is to forget when so much of this answer was heard, and nothing of later ones. Never more than came
    /// of an item, which the API would refuse; each item is told once.
    pub(super) fn truncate_from(&mut self, first: AnswerId, heard: PlayedMs) -> Vec<Truncation> {
        let mut truncations = Vec::new();
        for answer in self.known.iter_mut().filter(|a| a.id >= first) {
            let mut left = if answer.id == first {
                heard.0.saturating_mul(self.samples_per_ms)
            } else {
                0
            };
            for item in answer.items.drain(..).filter(|item| item.samples > 0) {
                let kept = left.min(item.samples);
                left -= kept;
                truncations.push(Truncation {
                    item_id: item.id,
                    audio_end_ms: kept / self.samples_per_ms,
                });
            }
        }
        truncations
    }
}

impl Answer {
    fn samples(&mut self, bytes: &[u8]) -> Vec<i16> {
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
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::TurnId;

    fn ask(answers: &mut Answers, cause: Cause, response: &str) -> Begun {
        answers.want(cause);
        let wanted = answers.next_wanted(false).unwrap();
        answers.requested("respond_1".into(), wanted);
        answers.begun(response.into(), Cause::Own)
    }

    #[test]
    fn one_response_at_a_time_and_a_turn_goes_before_a_follow_up() {
        let mut answers = Answers::new(SampleRate::HZ_24000);
        assert_eq!(
            ask(&mut answers, Cause::FollowUp, "r1"),
            Begun::Answer(AnswerId(1), Cause::FollowUp)
        );
        answers.want(Cause::FollowUp);
        answers.want(Cause::Turn(TurnId(1)));
        answers.want(Cause::FollowUp);
        assert_eq!(answers.next_wanted(false), None);
        assert_eq!(answers.finished("r1"), Some(AnswerId(1)));
        assert_eq!(answers.next_wanted(true), Some(Cause::Turn(TurnId(1))));
        assert_eq!(answers.next_wanted(true), None);
    }

    #[test]
    fn a_follow_up_waits_for_the_last_tool() {
        let mut answers = Answers::new(SampleRate::HZ_24000);
        answers.want(Cause::FollowUp);
        assert_eq!(answers.next_wanted(true), None);
        assert_eq!(answers.next_wanted(false), Some(Cause::FollowUp));
    }

    #[test]
    fn samples_may_be_cut_anywhere() {
        let mut answers = Answers::new(SampleRate::HZ_24000);
        ask(&mut answers, Cause::Own, "r");
        assert_eq!(
            answers.audio("r", "i".into(), &[1, 0, 2]),
            Some((AnswerId(1), vec![1]))
        );
        assert_eq!(
            answers.audio("r", "i".into(), &[1, 255]),
            Some((AnswerId(1), vec![258]))
        );
        assert_eq!(
            answers.audio("r", "i".into(), &[255]),
            Some((AnswerId(1), vec![-1]))
        );
        assert_eq!(answers.audio("other", "i".into(), &[0, 0]), None);
    }

    #[test]
    fn a_truncation_spreads_over_items_and_never_exceeds_what_came() {
        let mut answers = Answers::new(SampleRate::HZ_24000);
        ask(&mut answers, Cause::Own, "r1");
        answers.audio("r1", "a".into(), &[0; 4800]);
        answers.audio("r1", "b".into(), &[0; 4801]);
        assert_eq!(answers.finished("r1"), Some(AnswerId(1)));
        ask(&mut answers, Cause::Own, "r2");
        answers.audio("r2", "c".into(), &[0; 960]);

        let truncation = |item: &str, audio_end_ms| Truncation {
            item_id: item.into(),
            audio_end_ms,
        };
        let stopped = answers.stop_from(AnswerId(1));
        assert_eq!(
            stopped,
            Stopped {
                ended: vec![AnswerId(2)],
                cancel: vec!["r2".into()]
            }
        );
        let all = [truncation("a", 100), truncation("b", 50), truncation("c", 0)];
        assert_eq!(answers.truncate_from(AnswerId(1), PlayedMs(150)), all);
        assert_eq!(answers.truncate_from(AnswerId(1), PlayedMs(150)), []);

        assert_eq!(answers.finished("r2"), None, "its end was told");
        ask(&mut answers, Cause::Own, "r3");
        answers.audio("r3", "d".into(), &[0; 4800]);
        assert_eq!(
            answers.truncate_from(AnswerId(3), PlayedMs(u64::MAX)),
            [truncation("d", 100)]
        );
    }

    #[test]
    fn an_answer_that_is_superseded_before_it_begins_is_never_told() {
        let mut answers = Answers::new(SampleRate::HZ_24000);
        answers.want(Cause::Turn(TurnId(1)));
        let cause = answers.next_wanted(false).unwrap();
        answers.requested("respond_1".into(), cause);
        assert_eq!(answers.supersede(), Stopped::default());
        answers.want(Cause::Turn(TurnId(2)));
        assert_eq!(answers.next_wanted(false), None);
        assert_eq!(answers.begun("r1".into(), Cause::Own), Begun::Unwanted);
        assert_eq!(answers.current("r1"), None);
        assert_eq!(answers.finished("r1"), None);
        assert_eq!(answers.next_wanted(false), Some(Cause::Turn(TurnId(2))));
    }

    #[test]
    fn a_request_that_was_refused_as_busy_is_wanted_again_when_the_server_is_done() {
        let mut answers = Answers::new(SampleRate::HZ_24000);
        answers.requested("respond_1".into(), Cause::FollowUp);
        assert!(!answers.refused("respond_7"));
        answers.refused_as_busy("respond_1");
        assert_eq!(answers.next_wanted(false), None);
        assert_eq!(answers.finished("somebody's"), None);
        assert_eq!(answers.next_wanted(false), Some(Cause::FollowUp));
    }
}
