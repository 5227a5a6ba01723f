//! What the server counts, for Prometheus. Never a label per call: what a label may say is a fixed set of words, and the names of what is
//! configured.

mod audio;
mod calls;
mod engines;
mod errors;
mod keeping;
mod latency;
mod pbx;
mod tools;

pub use audio::Dropped;
pub use calls::LiveCall;
pub use errors::ErrorKind;
pub(crate) use keeping::Delivered;
pub use latency::LatencySheet;
pub use tools::ToolKind;

use self::tools::ToolCounts;
use audio::AudioCounts;
use call::{Outcome, TransferOutcome};
use calls::CallCounts;
use engines::EngineCounts;
use errors::ErrorCounts;
use keeping::KeepingCounts;
use pbx::PbxCounts;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// The node's counters. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    calls: CallCounts,
    audio: AudioCounts,
    engines: EngineCounts,
    errors: ErrorCounts,
    keeping: KeepingCounts,
    pbx: PbxCounts,
    tools: ToolCounts,
}

/// The word for an outcome, in metrics and in the store.
pub(crate) const fn outcome_label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::CallerHungUp => "caller_hung_up",
        Outcome::Completed => "completed",
        Outcome::Transferred => "transferred",
        Outcome::NoInput => "no_input",
        Outcome::TimeLimit => "time_limit",
        Outcome::EngineFailed => "engine_failed",
        Outcome::StreamLost => "stream_lost",
        Outcome::Stopped => "stopped",
    }
}

/// The word for what became of a transfer, in metrics and in the store.
pub(crate) const fn transfer_label(outcome: &TransferOutcome) -> &'static str {
    match outcome {
        TransferOutcome::Answered => "answered",
        TransferOutcome::Busy => "busy",
        TransferOutcome::NoAnswer => "no_answer",
        TransferOutcome::Refused => "refused",
        TransferOutcome::Unavailable => "unavailable",
        TransferOutcome::CallerGone => "caller_gone",
        TransferOutcome::Failed { .. } => "failed",
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Counters at zero.
    pub fn new() -> Self {
        let (calls, audio, engines) = (
            CallCounts::default(),
            AudioCounts::default(),
            EngineCounts::default(),
        );
        let (errors, keeping, pbx) = (
            ErrorCounts::default(),
            KeepingCounts::default(),
            PbxCounts::default(),
        );
        let tools = ToolCounts::default();
        let mut registry = Registry::with_prefix("voice_ai");
        calls.register(&mut registry);
        audio.register(&mut registry);
        engines.register(&mut registry);
        errors.register(&mut registry);
        keeping.register(&mut registry);
        pbx.register(&mut registry);
        tools.register(&mut registry);
        Self {
            registry: Arc::new(registry),
            calls,
            audio,
            engines,
            errors,
            keeping,
            pbx,
            tools,
        }
    }

    /// All of it in the OpenMetrics text format.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::with_capacity(8 * 1024);
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
