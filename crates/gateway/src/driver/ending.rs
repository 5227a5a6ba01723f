//! The end of a call, and what it has counted by itself.

use super::Driver;
use crate::leg::Incoming;
use crate::leg::raw::RawLeg;
use crate::metrics::Dropped;
use std::future::poll_fn;
use std::time::{Duration, Instant};

/// How long the other end may take to close a stream after a hang-up or a transfer.
const CLOSING_LIMIT: Duration = Duration::from_secs(2);
/// What a message that the leg refused is counted as: a frame.
const FRAME_MS: u64 = 20;

impl Driver {
    /// Adds what this call counted by itself to the node's metrics.
    pub(super) fn flush(&mut self) {
        self.latency.flush();
        let metrics = &self.services.metrics;
        metrics.underruns(self.speaking.new_underruns());
        metrics.dropped_ms(Dropped::Backlog, self.hearing.new_backlog_ms());
        metrics.dropped_ms(Dropped::Playout, self.speaking.new_dropped_ms());
        let session_ms = self.session.as_ref().map_or(0, |session| session.dropped_ms());
        metrics.dropped_ms(Dropped::Engine, self.hearing.new_engine_drops(session_ms));
        let refused = self.leg.as_ref().map_or(0, RawLeg::refused);
        metrics.dropped_ms(Dropped::Leg, self.speaking.new_refused(refused) * FRAME_MS);
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

    /// Ends the stream and all that the call started.
    pub(super) async fn close(&mut self) {
        self.finish_files(Instant::now());
        self.account.ended(self.outcome, self.cost_micros, &self.files);
        self.session = None;
        self.work.abandon();
        self.flush();
        self.turn_away_late_streams().await;
        let Some(mut leg) = self.leg.take() else { return };
        self.presence.seen(Instant::now());
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

/// Waits for the end of a stream, but not for long.
async fn closed_by_other_end(leg: &mut RawLeg) -> bool {
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
