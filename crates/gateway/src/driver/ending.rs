//! The end of a call, and what it has counted by itself.

use super::Driver;
use crate::leg::{Incoming, Leg};
use crate::metrics::Dropped;
use call::EngineEvent;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use voice::{Event, Session, Usage};

/// How long the other end may take to close a stream after a hang-up or a transfer.
const CLOSING_LIMIT: Duration = Duration::from_secs(2);
/// What a message that the leg refused is counted as: a frame.
const FRAME_MS: u64 = 20;
/// As many events that nobody waits for any more are looked at.
const LEFT_OVER: usize = 4_096;

impl Driver {
    /// Adds what this call counted by itself to the node's metrics.
    pub(super) fn flush(&mut self) {
        self.latency.flush();
        let metrics = &self.services.metrics;
        let underruns = self.speaking.new_underruns();
        metrics.underruns(underruns);
        let session_ms = self.session.as_ref().map_or(0, |session| session.dropped_ms());
        let refused = self.leg.as_ref().map_or(0, Leg::refused);
        let dropped = [
            (Dropped::Backlog, self.hearing.new_backlog_ms()),
            (Dropped::Playout, self.speaking.new_dropped_ms()),
            (Dropped::Engine, self.hearing.new_engine_drops(session_ms)),
            (Dropped::Leg, self.speaking.new_refused(refused) * FRAME_MS),
        ];
        for (at, ms) in dropped {
            metrics.dropped_ms(at, ms);
        }
        self.show_counts(underruns, dropped.iter().map(|(_, ms)| ms).sum());
    }

    /// Streams that came back in the moment in which the call ended are told so.
    async fn turn_away_late_streams(&mut self) {
        self.arrivals.close();
        while let Some(mut late) = self.arrivals.recv().await {
            tracing::info!(call = %self.id, peer = %late.peer, "a stream came back as its call ended");
            late.leg.close();
            closed_by_other_end(&mut late.leg).await;
        }
    }

    /// What the provider has counted and nobody has asked for yet is charged all the same.
    fn spend_what_is_left(&mut self) {
        let engine = self.engine().to_owned();
        let Some(session) = &mut self.session else { return };
        for usage in usage_left(session) {
            self.spend(&engine, &usage);
        }
    }

    /// Ends the stream and all that the call started.
    pub(super) async fn close(&mut self) {
        self.finish_files(Instant::now());
        self.spend_what_is_left();
        self.account.ended(self.outcome, self.cost_micros, &self.files);
        // While the session can still tell what it dropped.
        self.flush();
        self.session = None;
        self.work.abandon();
        self.turn_away_late_streams().await;
        let Some(mut leg) = self.leg.take() else { return };
        self.presence.seen(Instant::now());
        if !leg.may_come_back() {
            // Nobody at its other end says good-bye.
            return leg.close();
        }
        // After a hang-up or a transfer the PBX closes the stream; only if it does not, we do.
        if closed_by_other_end(&mut leg).await {
            return;
        }
        self.presence.seen(Instant::now());
        leg.close();
        if !closed_by_other_end(&mut leg).await {
            tracing::debug!(call = %self.id, "the other end did not answer our close");
        }
    }
}

/// The counts that wait among a session's last events.
fn usage_left(session: &mut dyn Session) -> Vec<Usage> {
    let mut context = Context::from_waker(Waker::noop());
    let (mut usage, mut pcm) = (Vec::new(), Vec::new());
    for _ in 0..LEFT_OVER {
        match session.poll_event(&mut context, &mut pcm) {
            Poll::Ready(Event::Usage(counted)) => usage.push(counted),
            // What comes then is another engine's.
            Poll::Ready(Event::Engine(EngineEvent::Replaced { .. } | EngineEvent::Failed { .. })) => break,
            Poll::Ready(_) => pcm.clear(),
            Poll::Pending => break,
        }
    }
    usage
}

/// Waits for the end of a stream, but not for long.
async fn closed_by_other_end(leg: &mut Leg) -> bool {
    let closed = async {
        loop {
            let now = Instant::now();
            if let Incoming::Closed(_) = poll_fn(|cx| leg.poll_incoming(cx, now)).await {
                return;
            }
        }
    };
    tokio::time::timeout(CLOSING_LIMIT, closed).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio::SampleRate;
    use call::{AnswerId, EngineCommand};

    struct Left(Vec<Event>);

    impl Session for Left {
        fn input_rate(&self) -> SampleRate {
            SampleRate::HZ_16000
        }

        fn output_rate(&self) -> SampleRate {
            SampleRate::HZ_16000
        }

        fn hear(&mut self, _: &[i16]) {}

        fn command(&mut self, _: EngineCommand) {}
        fn ask(&mut self, _turn: call::TurnId, _words: String) {}

        fn poll_event(&mut self, _: &mut Context<'_>, _: &mut Vec<i16>) -> Poll<Event> {
            self.0.pop().map_or(Poll::Pending, Poll::Ready)
        }
    }

    #[test]
    fn counts_behind_other_events_are_found() {
        let counted = |text_out| Usage {
            text_out,
            ..Usage::default()
        };
        let answer = AnswerId(1);
        let mut session = Left(vec![
            Event::Usage(counted(5)),
            Event::Engine(EngineEvent::AnswerDone { answer }),
            Event::Usage(counted(7)),
            Event::Audio { answer },
        ]);
        assert_eq!(usage_left(&mut session), [counted(7), counted(5)]);
    }
}
