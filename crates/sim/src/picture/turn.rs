//! How long the caller waited for an answer, and what the time went to.

use crate::wire::LatencyParts;

/// An answered turn of the caller.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) from_ms: f64,
    pub(super) to_ms: f64,
    pub(super) parts: Option<LatencyParts>,
}

impl Turn {
    /// The parts in words, or nothing where they are not known.
    pub(super) fn parts_told(&self) -> String {
        if self.parts.is_none() {
            return String::new();
        }
        let known = self
            .segments()
            .into_iter()
            .filter(|(class, _, ms)| *class != "rest" && *ms >= 0.5);
        let told: Vec<String> = known.map(|(_, name, ms)| format!("{name} {ms:.0}")).collect();
        told.join(" · ")
    }

    /// The pieces of the span, in order: class, name, length in ms. What the server does not account for is the rest.
    pub(super) fn segments(&self) -> Vec<(&'static str, &'static str, f64)> {
        let whole = self.to_ms - self.from_ms;
        let Some(parts) = self.parts else {
            return vec![("response", "response", whole)];
        };
        let after_token = parts.brain_ms.map(|brain| brain - parts.token_ms.unwrap_or(0.0));
        let named = [
            ("endpoint", "end of turn", parts.endpoint_ms),
            ("stt", "speech to text", parts.stt_ms),
            ("token", "first token", parts.token_ms),
            ("brain", "brain", after_token),
            ("tts", "voice", parts.tts_ms),
            ("engine", "engine", parts.engine_ms),
            ("leg", "leg", parts.leg_ms),
        ];
        let mut left = whole;
        let mut segments = Vec::new();
        for (class, name, ms) in named {
            let ms = ms.unwrap_or(0.0).clamp(0.0, left);
            left -= ms;
            if ms > 0.0 {
                segments.push((class, name, ms));
            }
        }
        segments.push(("rest", "on the way, and not accounted for", left));
        segments
    }
}
