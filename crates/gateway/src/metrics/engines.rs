//! Engines: how long they take, and what they charge.

use super::Metrics;
use super::latency::{ANSWER_BOUNDS, Durations, PART_BOUNDS};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::time::Duration;
use store::TurnLatency;
use voice::Usage;

#[derive(Clone)]
pub(super) struct EngineCounts {
    response: Family<EngineLabel, Durations, fn() -> Durations>,
    waiting: Family<PartLabel, Durations, fn() -> Durations>,
    transcription: Durations,
    synthesis: Durations,
    tokens: Family<TokensLabel, Counter>,
    cost: Family<EngineLabel, Counter>,
    replaced: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EngineLabel {
    engine: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabel {
    engine: String,
    part: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokensLabel {
    engine: String,
    kind: &'static str,
}

impl Default for EngineCounts {
    fn default() -> Self {
        Self {
            response: Family::new_with_constructor(|| Durations::new(ANSWER_BOUNDS)),
            waiting: Family::new_with_constructor(|| Durations::new(PART_BOUNDS)),
            transcription: Durations::new(ANSWER_BOUNDS),
            synthesis: Durations::new(ANSWER_BOUNDS),
            tokens: Family::default(),
            cost: Family::default(),
            replaced: Counter::default(),
        }
    }
}

impl EngineCounts {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "engine_response_seconds",
            "From the end of the caller's speech to the answer's first audio",
            self.response.clone(),
        );
        r.register(
            "waiting_seconds",
            "Where the time before an answer went, by part",
            self.waiting.clone(),
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
            "engine_tokens",
            "Tokens that an engine's provider charges for, by kind",
            self.tokens.clone(),
        );
        r.register(
            "engine_cost_micros",
            "What engines cost by the configured prices, in millionths of their currency",
            self.cost.clone(),
        );
        r.register(
            "engines_replaced",
            "Engines that failed in a call and whose place another took",
            self.replaced.clone(),
        );
    }
}

impl Metrics {
    /// How long an engine took from the end of the caller's speech to the first audio of its answer.
    pub fn engine_response(&self, engine: &str, took: Duration) {
        self.engines
            .response
            .get_or_create(&EngineLabel {
                engine: engine.to_owned(),
            })
            .observe(took);
    }

    /// Another engine took the place of one that failed.
    pub fn engine_replaced(&self) {
        self.engines.replaced.inc();
    }

    /// Where the time before an answer went.
    pub fn waiting(&self, engine: &str, latency: &TurnLatency) {
        let parts = [
            ("endpoint", latency.endpoint_ms),
            ("stt", latency.stt_ms),
            ("brain", latency.brain_ms),
            ("token", latency.token_ms),
            ("tts", latency.tts_ms),
            ("engine", latency.engine_ms),
            ("leg", latency.leg_ms),
        ];
        for (part, ms) in parts {
            let Some(ms) = ms else { continue };
            let engine = engine.to_owned();
            self.engines
                .waiting
                .get_or_create(&PartLabel { engine, part })
                .observe(Duration::from_millis(ms));
        }
    }

    /// How long the words of a turn took to be found.
    pub fn transcription(&self, took: Duration) {
        self.engines.transcription.observe(took);
    }

    /// How long a text took to its first audio.
    pub fn synthesis(&self, took: Duration) {
        self.engines.synthesis.observe(took);
    }

    /// An engine's provider has counted this.
    pub fn usage(&self, engine: &str, usage: &Usage) {
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
            self.engines
                .tokens
                .get_or_create(&TokensLabel {
                    engine: engine.to_owned(),
                    kind,
                })
                .inc_by(count);
        }
    }

    /// An engine has cost so much, in millionths.
    pub fn cost(&self, engine: &str, micros: u64) {
        self.engines
            .cost
            .get_or_create(&EngineLabel {
                engine: engine.to_owned(),
            })
            .inc_by(micros);
    }
}
