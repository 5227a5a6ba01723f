//! A histogram with fixed buckets that many calls may feed: two relaxed additions an observation, no lock.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the buckets, in microseconds, rising. What lies above the last goes to a bucket of its own.
type Bounds = &'static [u64];

/// How long a frame may stay within the gateway: a frame lasts 20 ms, so that is where it begins to matter.
pub(super) const FRAME_BOUNDS: Bounds = &[
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000,
];

/// How long people wait for an answer.
pub(super) const ANSWER_BOUNDS: Bounds = &[
    100_000, 200_000, 300_000, 500_000, 750_000, 1_000_000, 1_250_000, 1_500_000, 2_000_000, 3_000_000,
    5_000_000, 8_000_000, 15_000_000,
];

/// How long one part of that takes.
pub(super) const PART_BOUNDS: Bounds = &[
    5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 300_000, 500_000, 750_000, 1_000_000, 1_500_000,
    2_000_000, 3_000_000, 5_000_000, 10_000_000,
];

/// A histogram of durations, shared by its clones.
#[derive(Clone)]
pub(super) struct Durations(Arc<Cells>);

struct Cells {
    bounds: Bounds,
    counts: Box<[AtomicU64]>,
    sum_us: AtomicU64,
}

impl Durations {
    pub(super) fn new(bounds: Bounds) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Cells {
            bounds,
            counts,
            sum_us: AtomicU64::new(0),
        }))
    }

    pub(super) fn observe(&self, took: Duration) {
        let us = micros(took);
        if let Some(count) = self.0.counts.get(bucket(self.0.bounds, us)) {
            count.fetch_add(1, Relaxed);
        }
        self.0.sum_us.fetch_add(us, Relaxed);
    }

    fn add(&self, counts: &[u32], sum_us: u64) {
        for (cell, &count) in self.0.counts.iter().zip(counts) {
            if count > 0 {
                cell.fetch_add(count.into(), Relaxed);
            }
        }
        self.0.sum_us.fetch_add(sum_us, Relaxed);
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn bucket(bounds: Bounds, us: u64) -> usize {
    bounds
        .iter()
        .position(|&bound| us <= bound)
        .unwrap_or(bounds.len())
}

impl fmt::Debug for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Durations")
            .field("sum_us", &self.0.sum_us)
            .finish_non_exhaustive()
    }
}

impl TypedMetric for Durations {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Durations {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let counts: Vec<u64> = self.0.counts.iter().map(|count| count.load(Relaxed)).collect();
        let bounds = self
            .0
            .bounds
            .iter()
            .map(|&us| us as f64 / 1e6)
            .chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
        let sum = self.0.sum_us.load(Relaxed) as f64 / 1e6;
        encoder.encode_histogram::<NoLabelSet>(sum, counts.iter().sum(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// One call's own counts of frame latencies, so that fifty frames a second of each call touch no shared memory. What was
/// not flushed is when it is dropped.
#[derive(Debug)]
pub struct LatencySheet {
    into: Durations,
    counts: [u32; FRAME_BOUNDS.len() + 1],
    sum_us: u64,
    longest: Duration,
}

impl LatencySheet {
    pub(super) fn new(into: Durations) -> Self {
        Self {
            into,
            counts: [0; FRAME_BOUNDS.len() + 1],
            sum_us: 0,
            longest: Duration::ZERO,
        }
    }

    /// Notes how long one frame stayed within the gateway.
    pub fn record(&mut self, took: Duration) {
        let us = micros(took);
        self.counts[bucket(FRAME_BOUNDS, us)] += 1;
        self.sum_us = self.sum_us.saturating_add(us);
        self.longest = self.longest.max(took);
    }

    /// Adds what was recorded since the last flush to the node's histogram; once a second is enough.
    pub fn flush(&mut self) {
        self.into.add(&self.counts, self.sum_us);
        self.counts = [0; FRAME_BOUNDS.len() + 1];
        self.sum_us = 0;
    }

    /// The longest that a frame of this call has stayed so far.
    pub fn longest(&self) -> Duration {
        self.longest
    }
}

impl Drop for LatencySheet {
    fn drop(&mut self) {
        self.flush();
    }
}
