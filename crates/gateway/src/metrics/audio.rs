//! Audio on its way through the gateway: how long a frame stays, what is dropped, where answers run dry.

use super::Metrics;
use super::latency::{Durations, FRAME_BOUNDS, LatencySheet};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone)]
pub(super) struct AudioCounts {
    frame: Durations,
    underruns: Counter,
    dropped: Family<WhereLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhereLabel {
    r#where: &'static str,
}

/// Where audio was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// The caller's, older than `stream.backlog_ms` when it could be handled.
    Backlog,
    /// The caller's, which the engine did not take.
    Engine,
    /// The secretary's, beyond `stream.hold_seconds`.
    Playout,
    /// The secretary's, which the leg did not take.
    Leg,
    /// Either's, which is silence in a recording because the disk was too slow.
    Recording,
}

impl Dropped {
    const fn label(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Engine => "engine",
            Self::Playout => "playout",
            Self::Leg => "leg",
            Self::Recording => "recording",
        }
    }
}

impl Default for AudioCounts {
    fn default() -> Self {
        Self {
            frame: Durations::new(FRAME_BOUNDS),
            underruns: Counter::default(),
            dropped: Family::default(),
        }
    }
}

impl AudioCounts {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "gateway_latency_seconds",
            "From a frame's arrival to the end of its handling",
            self.frame.clone(),
        );
        r.register(
            "underruns",
            "Answers that ran dry while they were played",
            self.underruns.clone(),
        );
        r.register(
            "dropped_audio_ms",
            "Milliseconds of audio dropped, by where",
            self.dropped.clone(),
        );
    }
}

impl Metrics {
    /// A sheet for one call's frame latencies.
    pub fn latency_sheet(&self) -> LatencySheet {
        LatencySheet::new(self.audio.frame.clone())
    }

    /// So many times answers ran dry since this was last told.
    pub fn underruns(&self, count: u64) {
        self.audio.underruns.inc_by(count);
    }

    /// So many milliseconds of audio were dropped since this was last told.
    pub fn dropped_ms(&self, at: Dropped, ms: u64) {
        if ms > 0 {
            let label = WhereLabel { r#where: at.label() };
            self.audio.dropped.get_or_create(&label).inc_by(ms);
        }
    }
}
