//! Where the time goes that the caller waits for an answer, turn by turn.

use call::{AnswerId, TurnId};
use std::time::{Duration, Instant};
use store::TurnLatency;
use voice::engine::Latency;

/// The waiting of one call. It is told what happens, in this order: the turn is over, the engine tells its parts if it knows
/// them, the answer's first audio is there, something of it leaves for the caller.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The last turn that was over, and since when.
    over: Option<(TurnId, Instant)>,
    /// What the engine told of its answer.
    parts: Option<Latency>,
    /// An answer of which nothing has left yet, and since when its first audio is there.
    leaving: Option<(TurnLatency, Instant)>,
}

impl Waiting {
    /// It is sure that the caller's turn is over.
    pub(super) fn over(&mut self, turn: TurnId, now: Instant) {
        self.over = Some((turn, now));
    }

    /// The engine tells where its time went, right before the answer's first audio.
    pub(super) fn told(&mut self, parts: Latency) {
        self.parts = Some(parts);
    }

    /// The first audio of the answer to this turn is there, `response` after the caller's last sound.
    pub(super) fn answered(&mut self, turn: TurnId, response: Duration, now: Instant) -> TurnLatency {
        let over = self.over.take_if(|(over, _)| *over == turn);
        let engine = over.map(|(_, at)| now.saturating_duration_since(at));
        let parts = self.parts.take();
        let latency = TurnLatency {
            response_ms: milliseconds(response),
            endpoint_ms: engine.map(|engine| milliseconds(response.saturating_sub(engine))),
            stt_ms: parts.map(|parts| parts.stt_ms),
            brain_ms: parts.map(|parts| parts.brain_ms),
            token_ms: parts.and_then(|parts| parts.token_ms),
            tts_ms: parts.map(|parts| parts.tts_ms),
            engine_ms: engine.filter(|_| parts.is_none()).map(milliseconds),
            leg_ms: None,
        };
        self.leaving = Some((latency, now));
        latency
    }

    /// The first of an answer has left for the caller: its whole latency, if it answers a turn.
    pub(super) fn left(&mut self, now: Instant) -> Option<TurnLatency> {
        let (latency, since) = self.leaving.take()?;
        Some(TurnLatency {
            leg_ms: Some(milliseconds(now.saturating_duration_since(since))),
            ..latency
        })
    }

    /// Nothing of what has not left yet ever will.
    pub(super) fn cleared(&mut self) {
        self.leaving = None;
    }
}

/// Which answer's first audio is still to leave: the driver's half of [`Waiting`], beside the playout.
#[derive(Debug, Default)]
pub(super) struct FirstFrame(Option<AnswerId>);

impl FirstFrame {
    /// The first audio of an answer is queued.
    pub(super) fn awaited(&mut self, answer: AnswerId) {
        self.0 = Some(answer);
    }

    /// Whether the awaited answer has begun to leave, told once.
    pub(super) fn left(&mut self, has_begun: impl FnOnce(AnswerId) -> bool) -> bool {
        self.0.take_if(|answer| has_begun(*answer)).is_some()
    }

    /// Answers up to this one will not leave.
    pub(super) fn cleared(&mut self, through: AnswerId) {
        self.0.take_if(|answer| *answer <= through);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn parts_of_a_cascade_and_of_one_box() {
        let begin = Instant::now();
        let mut waiting = Waiting::default();
        waiting.over(TurnId(1), begin);
        waiting.told(Latency {
            answer: AnswerId(2),
            stt_ms: 100,
            brain_ms: 200,
            token_ms: Some(150),
            tts_ms: 50,
        });
        let early = waiting.answered(TurnId(1), 650 * MS, begin + 350 * MS);
        let want = TurnLatency {
            response_ms: 650,
            endpoint_ms: Some(300),
            stt_ms: Some(100),
            brain_ms: Some(200),
            token_ms: Some(150),
            tts_ms: Some(50),
            engine_ms: None,
            leg_ms: None,
        };
        assert_eq!(early, want);
        let whole = waiting.left(begin + 357 * MS);
        assert_eq!(
            whole,
            Some(TurnLatency {
                leg_ms: Some(7),
                ..want
            })
        );
        assert_eq!(waiting.left(begin + 400 * MS), None, "told once");

        waiting.over(TurnId(2), begin);
        let want = TurnLatency {
            response_ms: 650,
            endpoint_ms: Some(250),
            engine_ms: Some(400),
            ..TurnLatency::default()
        };
        assert_eq!(waiting.answered(TurnId(2), 650 * MS, begin + 400 * MS), want);
        waiting.cleared();
        assert_eq!(waiting.left(begin + 500 * MS), None);
    }

    #[test]
    fn an_answer_to_another_turn_has_no_parts_of_this_one() {
        let begin = Instant::now();
        let mut waiting = Waiting::default();
        waiting.over(TurnId(3), begin);
        let latency = waiting.answered(TurnId(2), 900 * MS, begin + MS);
        assert_eq!((latency.endpoint_ms, latency.engine_ms), (None, None));
    }

    #[test]
    fn the_first_frame_is_that_of_the_awaited_answer() {
        let mut first = FirstFrame::default();
        assert!(!first.left(|_| true), "nothing is awaited");
        first.awaited(AnswerId(4));
        assert!(!first.left(|answer| answer < AnswerId(4)));
        assert!(first.left(|answer| answer == AnswerId(4)) && !first.left(|_| true));
        first.awaited(AnswerId(5));
        first.cleared(AnswerId(4));
        assert!(first.left(|_| true));
        first.awaited(AnswerId(6));
        first.cleared(AnswerId(6));
        assert!(!first.left(|_| true));
    }
}
