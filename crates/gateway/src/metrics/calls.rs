//! Calls: how many, how they end, and what happens in them.

use super::{ErrorKind, Metrics, outcome_label, transfer_label};
use call::{Outcome, TransferOutcome};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Default)]
pub(super) struct CallCounts {
    started: Counter,
    ended: Family<OutcomeLabel, Counter>,
    transfers: Family<OutcomeLabel, Counter>,
    live: Gauge,
    detached: Counter,
    reattached: Counter,
    barge_ins: Counter,
    false_barge_ins: Counter,
    last_resorts: Counter,
    mute_streams: Counter,
    refused: Family<ReasonLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

impl CallCounts {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register("calls_started", "Calls that began", self.started.clone());
        r.register("calls_ended", "Calls that ended, by how", self.ended.clone());
        r.register(
            "transfers",
            "Transfers whose outcome the PBX told, by outcome",
            self.transfers.clone(),
        );
        r.register(
            "calls_live",
            "Calls that live now, detached ones too",
            self.live.clone(),
        );
        r.register(
            "calls_detached",
            "Streams lost while their call lived",
            self.detached.clone(),
        );
        r.register(
            "calls_reattached",
            "Streams that came back to their call",
            self.reattached.clone(),
        );
        r.register(
            "barge_ins",
            "Answers that the caller interrupted",
            self.barge_ins.clone(),
        );
        r.register(
            "false_barge_ins",
            "Answers held for a sound that was no interruption",
            self.false_barge_ins.clone(),
        );
        r.register(
            "last_resorts",
            "Callers whom FreeSWITCH has handed to the last resort while their call lived here",
            self.last_resorts.clone(),
        );
        r.register(
            "mute_streams",
            "Streams that were given up because no audio came on them",
            self.mute_streams.clone(),
        );
        r.register(
            "upgrades_refused",
            "Requests for a stream that were refused, by why",
            self.refused.clone(),
        );
    }
}

impl Metrics {
    /// Counts a call that begins; it lives until the returned value is ended or dropped.
    #[must_use]
    pub fn call_started(&self) -> LiveCall {
        self.calls.started.inc();
        self.calls.live.inc();
        LiveCall {
            metrics: self.clone(),
            outcome: None,
        }
    }

    /// The stream of a call is gone, the call still lives.
    pub fn call_detached(&self) {
        self.calls.detached.inc();
    }

    /// A stream came back to its call.
    pub fn call_reattached(&self) {
        self.calls.reattached.inc();
    }

    /// The caller interrupted an answer.
    pub fn barge_in(&self) {
        self.calls.barge_ins.inc();
    }

    /// An answer was held for a sound that was no interruption.
    pub fn false_barge_in(&self) {
        self.calls.false_barge_ins.inc();
    }

    /// FreeSWITCH has handed a caller to the last resort while their call lived here.
    pub fn last_resort(&self) {
        self.calls.last_resorts.inc();
    }

    /// A stream was given up because no audio came on it.
    pub fn mute_stream(&self) {
        self.calls.mute_streams.inc();
    }

    /// The PBX has told what became of a transfer.
    pub fn transfer_ended(&self, outcome: &TransferOutcome) {
        let outcome = transfer_label(outcome);
        self.calls
            .transfers
            .get_or_create(&OutcomeLabel { outcome })
            .inc();
    }

    /// A request for a stream was refused.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.calls.refused.get_or_create(&ReasonLabel { reason }).inc();
    }
}

/// A call that is counted as living. Dropped without an outcome, it is counted as stopped, or as panicked where a panic
/// drops it.
pub struct LiveCall {
    metrics: Metrics,
    outcome: Option<Outcome>,
}

impl LiveCall {
    /// The call ended like that.
    pub fn ended(mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        self.metrics.calls.live.dec();
        let outcome = match self.outcome {
            Some(outcome) => outcome_label(outcome),
            None if std::thread::panicking() => {
                self.metrics.error(ErrorKind::Panic);
                "panicked"
            }
            None => outcome_label(Outcome::Stopped),
        };
        self.metrics
            .calls
            .ended
            .get_or_create(&OutcomeLabel { outcome })
            .inc();
    }
}
