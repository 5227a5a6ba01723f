//! What calls leave, on its way to the database and to webhooks.

use super::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use store::KeeperState;

#[derive(Clone, Default)]
pub(super) struct KeepingCounts {
    deliveries: Family<ResultLabel, Counter>,
    journal_entries: Gauge,
    journal_bytes: Gauge,
    journal_lost: Gauge,
    journal_set_aside: Gauge,
    outbox_waiting: Gauge,
    outbox_dead: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

/// What became of an attempt to tell a webhook something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// The receiver has it.
    Yes,
    /// It is tried again.
    Later,
    /// It was given up.
    Never,
}

impl KeepingCounts {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "webhook_attempts",
            "Attempts to tell a webhook something, by what became of it",
            self.deliveries.clone(),
        );
        r.register(
            "journal_entries",
            "Entries of calls that wait on disk for the database",
            self.journal_entries.clone(),
        );
        r.register(
            "journal_bytes",
            "Bytes of the journal",
            self.journal_bytes.clone(),
        );
        r.register(
            "journal_lost_entries",
            "Entries of calls that could not be kept since the start",
            self.journal_lost.clone(),
        );
        r.register(
            "journal_set_aside_entries",
            "Entries that were damaged or that the database refuses, since the start",
            self.journal_set_aside.clone(),
        );
        r.register(
            "outbox_waiting",
            "Deliveries to webhooks that are not acknowledged yet",
            self.outbox_waiting.clone(),
        );
        r.register(
            "outbox_dead",
            "Deliveries to webhooks that were given up",
            self.outbox_dead.clone(),
        );
    }
}

impl Metrics {
    /// A webhook was tried.
    pub(crate) fn delivery(&self, delivered: Delivered) {
        let result = match delivered {
            Delivered::Yes => "delivered",
            Delivered::Later => "put_off",
            Delivered::Never => "given_up",
        };
        self.keeping
            .deliveries
            .get_or_create(&ResultLabel { result })
            .inc();
    }

    /// How the journal is doing.
    pub(crate) fn journal(&self, state: &KeeperState) {
        let gauges = [
            (&self.keeping.journal_entries, state.waiting),
            (&self.keeping.journal_bytes, state.bytes),
            (&self.keeping.journal_lost, state.lost),
            (&self.keeping.journal_set_aside, state.set_aside),
        ];
        for (gauge, value) in gauges {
            gauge.set(value.try_into().unwrap_or(i64::MAX));
        }
    }

    /// So many deliveries wait, and so many were given up.
    pub(crate) fn outbox(&self, waiting: u64, dead: u64) {
        self.keeping
            .outbox_waiting
            .set(waiting.try_into().unwrap_or(i64::MAX));
        self.keeping.outbox_dead.set(dead.try_into().unwrap_or(i64::MAX));
    }
}
