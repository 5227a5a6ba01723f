//! What the server counts, for Prometheus. Never a label per call: what a label may say is a fixed set of words.

mod latency;

pub use latency::LatencySheet;

use call::{FailureKind, Outcome, TransferOutcome};
use latency::{ANSWER_BOUNDS, Durations, FRAME_BOUNDS};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use store::KeeperState;
use voice::Usage;

/// The node's counters. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    started: Counter,
    ended: Family<OutcomeLabel, Counter>,
    transfers: Family<OutcomeLabel, Counter>,
    live: Gauge,
    detached: Counter,
    reattached: Counter,
    frame: Durations,
    response: Family<EngineLabel, Durations, fn() -> Durations>,
    transcription: Durations,
    synthesis: Durations,
    barge_ins: Counter,
    false_barge_ins: Counter,
    underruns: Counter,
    dropped: Family<WhereLabel, Counter>,
    errors: Family<KindLabel, Counter>,
    refused: Family<ReasonLabel, Counter>,
    deliveries: Family<ResultLabel, Counter>,
    journal_entries: Gauge,
    journal_bytes: Gauge,
    journal_lost: Gauge,
    journal_set_aside: Gauge,
    outbox_waiting: Gauge,
    outbox_dead: Gauge,
    tokens: Family<TokensLabel, Counter>,
    cost: Family<EngineLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EngineLabel {
    engine: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokensLabel {
    engine: &'static str,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhereLabel {
    r#where: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
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
        let mut metrics = Self {
            registry: Arc::default(),
            started: Counter::default(),
            ended: Family::default(),
            transfers: Family::default(),
            live: Gauge::default(),
            detached: Counter::default(),
            reattached: Counter::default(),
            frame: Durations::new(FRAME_BOUNDS),
            response: Family::new_with_constructor(|| Durations::new(ANSWER_BOUNDS)),
            transcription: Durations::new(ANSWER_BOUNDS),
            synthesis: Durations::new(ANSWER_BOUNDS),
            barge_ins: Counter::default(),
            false_barge_ins: Counter::default(),
            underruns: Counter::default(),
            dropped: Family::default(),
            errors: Family::default(),
            refused: Family::default(),
            deliveries: Family::default(),
            journal_entries: Gauge::default(),
            journal_bytes: Gauge::default(),
            journal_lost: Gauge::default(),
            journal_set_aside: Gauge::default(),
            outbox_waiting: Gauge::default(),
            outbox_dead: Gauge::default(),
            tokens: Family::default(),
            cost: Family::default(),
        };
        metrics.registry = Arc::new(metrics.registered());
        metrics
    }

    fn registered(&self) -> Registry {
        let mut r = Registry::with_prefix("voice_ai");
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
            "gateway_latency_seconds",
            "From a frame's arrival to the end of its handling",
            self.frame.clone(),
        );
        r.register(
            "engine_response_seconds",
            "From the end of the caller's speech to the answer's first audio",
            self.response.clone(),
        );
        r.register(
            "transcription_seconds",
            "Speech to text of one turn",
            self.transcription.clone(),
        );
        r.register(
            "synthesis_seconds",
            "Text to speech, to its first audio",
            self.synthesis.clone(),
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
            "underruns",
            "Answers that ran dry while they were played",
            self.underruns.clone(),
        );
        r.register(
            "dropped_audio_ms",
            "Milliseconds of audio dropped, by where",
            self.dropped.clone(),
        );
        r.register("errors", "Errors by kind", self.errors.clone());
        r.register(
            "upgrades_refused",
            "Requests for a stream that were refused, by why",
            self.refused.clone(),
        );
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
        r.register(
            "engine_tokens",
            "Tokens that an engine's provider charges for, by kind",
            self.tokens.clone(),
        );
        r.register(
            "engine_cost_micros",
            "What engines cost by the configured prices, in millionths of their currency",
            self.cost.clone(),
        );
        r
    }

    /// Counts a call that begins; it lives until the returned value is ended or dropped.
    #[must_use]
    pub fn call_started(&self) -> LiveCall {
        self.started.inc();
        self.live.inc();
        LiveCall {
            metrics: self.clone(),
            outcome: None,
        }
    }

    /// The stream of a call is gone, the call still lives.
    pub fn call_detached(&self) {
        self.detached.inc();
    }

    /// A stream came back to its call.
    pub fn call_reattached(&self) {
        self.reattached.inc();
    }

    /// A sheet for one call's frame latencies.
    pub fn latency_sheet(&self) -> LatencySheet {
        LatencySheet::new(self.frame.clone())
    }

    /// How long an engine took from the end of the caller's speech to the first audio of its answer.
    pub fn engine_response(&self, engine: &'static str, took: Duration) {
        self.response.get_or_create(&EngineLabel { engine }).observe(took);
    }

    /// How long the words of a turn took to be found.
    pub fn transcription(&self, took: Duration) {
        self.transcription.observe(took);
    }

    /// How long a text took to its first audio.
    pub fn synthesis(&self, took: Duration) {
        self.synthesis.observe(took);
    }

    /// The caller interrupted an answer.
    pub fn barge_in(&self) {
        self.barge_ins.inc();
    }

    /// The PBX has told what became of a transfer.
    pub fn transfer_ended(&self, outcome: &TransferOutcome) {
        let outcome = transfer_label(outcome);
        self.transfers.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// An answer was held for a sound that was no interruption.
    pub fn false_barge_in(&self) {
        self.false_barge_ins.inc();
    }

    /// So many times answers ran dry since this was last told.
    pub fn underruns(&self, count: u64) {
        self.underruns.inc_by(count);
    }

    /// So many milliseconds of audio were dropped since this was last told.
    pub fn dropped_ms(&self, at: Dropped, ms: u64) {
        if ms > 0 {
            self.dropped
                .get_or_create(&WhereLabel { r#where: at.label() })
                .inc_by(ms);
        }
    }

    /// Something went wrong.
    pub fn error(&self, kind: ErrorKind) {
        self.errors.get_or_create(&KindLabel { kind: kind.label() }).inc();
    }

    /// A request for a stream was refused.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// A webhook was tried.
    pub(crate) fn delivery(&self, delivered: Delivered) {
        let result = match delivered {
            Delivered::Yes => "delivered",
            Delivered::Later => "put_off",
            Delivered::Never => "given_up",
        };
        self.deliveries.get_or_create(&ResultLabel { result }).inc();
    }

    /// How the journal is doing.
    pub(crate) fn journal(&self, state: &KeeperState) {
        let gauges = [
            (&self.journal_entries, state.waiting),
            (&self.journal_bytes, state.bytes),
            (&self.journal_lost, state.lost),
            (&self.journal_set_aside, state.set_aside),
        ];
        for (gauge, value) in gauges {
            gauge.set(value.try_into().unwrap_or(i64::MAX));
        }
    }

    /// So many deliveries wait, and so many were given up.
    pub(crate) fn outbox(&self, waiting: u64, dead: u64) {
        self.outbox_waiting.set(waiting.try_into().unwrap_or(i64::MAX));
        self.outbox_dead.set(dead.try_into().unwrap_or(i64::MAX));
    }

    /// An engine's provider has counted this.
    pub fn usage(&self, engine: &'static str, usage: &Usage) {
        let kinds = [
            ("text_in", usage.text_in),
            ("text_cached", usage.text_cached),
            ("text_out", usage.text_out),
            ("audio_in", usage.audio_in),
            ("audio_cached", usage.audio_cached),
            ("audio_out", usage.audio_out),
            ("transcription_in", usage.transcription_in),
            ("transcription_out", usage.transcription_out),
        ];
        for (kind, count) in kinds.into_iter().filter(|(_, count)| *count > 0) {
            self.tokens
                .get_or_create(&TokensLabel { engine, kind })
                .inc_by(count);
        }
    }

    /// An engine has cost so much, in millionths.
    pub fn cost(&self, engine: &'static str, micros: u64) {
        self.cost.get_or_create(&EngineLabel { engine }).inc_by(micros);
    }

    /// All of it in the OpenMetrics text format.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::with_capacity(8 * 1024);
        encode(&mut text, &self.registry)?;
        Ok(text)
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
        self.metrics.live.dec();
        let outcome = match self.outcome {
            Some(outcome) => outcome_label(outcome),
            None if std::thread::panicking() => {
                self.metrics.error(ErrorKind::Panic);
                "panicked"
            }
            None => outcome_label(Outcome::Stopped),
        };
        self.metrics.ended.get_or_create(&OutcomeLabel { outcome }).inc();
    }
}
