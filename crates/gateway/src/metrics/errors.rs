//! What went wrong, by kind.

use super::Metrics;
use call::FailureKind;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Default)]
pub(super) struct ErrorCounts(Family<KindLabel, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// An engine's session failed, or could not be opened.
    Engine(FailureKind),
    /// Metadata or another text frame that could not be understood.
    Metadata,
    /// The stream broke the WebSocket protocol.
    Stream,
    /// A tool failed.
    Tool,
    /// A tool did not answer in time.
    ToolTimeout,
    /// Text to speech failed.
    Synthesis,
    /// A recording could not be made, or ended before its call.
    Recording,
    /// An event log could not be made, or ended before its call.
    EventLog,
    /// A call's task panicked.
    Panic,
}

impl ErrorKind {
    const fn label(self) -> &'static str {
        match self {
            Self::Engine(FailureKind::Unauthorized) => "engine_unauthorized",
            Self::Engine(FailureKind::Quota) => "engine_quota",
            Self::Engine(FailureKind::RateLimited) => "engine_rate_limited",
            Self::Engine(FailureKind::Unsupported) => "engine_unsupported",
            Self::Engine(FailureKind::Policy) => "engine_policy",
            Self::Engine(FailureKind::Transient) => "engine_transient",
            Self::Engine(FailureKind::Protocol) => "engine_protocol",
            Self::Engine(FailureKind::Expired) => "engine_expired",
            Self::Metadata => "metadata",
            Self::Stream => "stream",
            Self::Tool => "tool",
            Self::ToolTimeout => "tool_timeout",
            Self::Synthesis => "synthesis",
            Self::Recording => "recording",
            Self::EventLog => "event_log",
            Self::Panic => "panic",
        }
    }
}

impl ErrorCounts {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register("errors", "Errors by kind", self.0.clone());
    }
}

impl Metrics {
    /// Something went wrong.
    pub fn error(&self, kind: ErrorKind) {
        self.errors
            .0
            .get_or_create(&KindLabel { kind: kind.label() })
            .inc();
    }
}
