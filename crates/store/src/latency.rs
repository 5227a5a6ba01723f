//! Where callers' waiting time went, as a sheet of percentiles.

use crate::{Said, TurnLatency};
use serde::Serialize;

/// Percentiles of one share of the waiting time, in milliseconds, by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// How many turns told it.
    pub count: u64,
    /// Half of them took no longer.
    pub p50: u64,
    /// Nine of ten took no longer.
    pub p90: u64,
    /// The longest.
    pub max: u64,
}

/// The waiting time before the answers of a conversation; a share that no turn told has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LatencySheet {
    /// From the caller's last sound to the answer's first audio.
    pub response: Option<Percentiles>,
    /// Until it was sure that the caller had finished.
    pub endpoint: Option<Percentiles>,
    /// Finding the caller's words.
    pub stt: Option<Percentiles>,
    /// Finding the answer's first words.
    pub brain: Option<Percentiles>,
    /// How much of that went by before the language model's first token.
    pub token: Option<Percentiles>,
    /// Making them heard.
    pub tts: Option<Percentiles>,
    /// All of what an engine does that tells no parts.
    pub engine: Option<Percentiles>,
    /// From the answer's first audio to the first of it that left for the caller.
    pub leg: Option<Percentiles>,
}

impl LatencySheet {
    /// The sheet of these turns.
    #[must_use]
    pub fn of(turns: &[Said]) -> Self {
        let told = || turns.iter().filter_map(|turn| turn.latency);
        let part = |part: fn(TurnLatency) -> Option<u64>| Percentiles::of(told().filter_map(part));
        Self {
            response: part(|latency| Some(latency.response_ms)),
            endpoint: part(|latency| latency.endpoint_ms),
            stt: part(|latency| latency.stt_ms),
            brain: part(|latency| latency.brain_ms),
            token: part(|latency| latency.token_ms),
            tts: part(|latency| latency.tts_ms),
            engine: part(|latency| latency.engine_ms),
            leg: part(|latency| latency.leg_ms),
        }
    }
}

impl Percentiles {
    fn of(values: impl Iterator<Item = u64>) -> Option<Self> {
        let mut values: Vec<u64> = values.collect();
        values.sort_unstable();
        let max = *values.last()?;
        let rank = |percent: usize| values.get((values.len() * percent).div_ceil(100).saturating_sub(1));
        Some(Self {
            count: values.len() as u64,
            p50: rank(50).copied().unwrap_or(max),
            p90: rank(90).copied().unwrap_or(max),
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let of = |values: &[u64]| Percentiles::of(values.iter().copied());
        assert_eq!(of(&[]), None);
        let one = Percentiles {
            count: 1,
            p50: 7,
            p90: 7,
            max: 7,
        };
        assert_eq!(of(&[7]), Some(one));
        let ten = Percentiles {
            count: 10,
            p50: 5,
            p90: 9,
            max: 10,
        };
        assert_eq!(of(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), Some(ten));
        let eleven = Percentiles {
            count: 11,
            p50: 6,
            p90: 10,
            max: 11,
        };
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), Some(eleven));
    }
}
