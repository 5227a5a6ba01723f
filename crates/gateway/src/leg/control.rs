//! What a leg is told besides audio.

use serde::Serialize;

/// One thing that a leg is told; on a WebSocket a text frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Control<'a> {
    /// Drop everything queued for playing.
    Clear,
    /// Hold the queue at the present sample.
    Pause,
    /// Go on from that sample.
    Resume,
    /// What was said.
    Transcript {
        role: call::Role,
        text: &'a str,
        r#final: bool,
    },
    /// The audio of an utterance ends here.
    Mark { name: &'a str },
    /// How long the caller waited for an answer, and where the time went.
    Latency(LatencyParts),
    /// We are there, and put the caller's last resort off ourselves, or not.
    Alive {
        /// Whether FreeSWITCH is controlled.
        control: bool,
    },
    /// End the call.
    Hangup,
    /// Hand the call over.
    Transfer {
        /// A destination's name, or what the engine called it where the secretary has none.
        destination: &'a str,
        /// What is dialled for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<&'a str>,
        /// What the number is on the PBX.
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<secretary::DestinationKind>,
    },
}

/// An answer's latency and its parts, those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct LatencyParts {
    /// From the end of speech to the first audio.
    response_ms: u64,
    /// Until it was sure that the caller had finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stt_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brain_ms: Option<u64>,
    /// How much of `brain_ms` went by before the model's first token.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tts_ms: Option<u64>,
    /// In place of the three above, for an engine that tells no parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_ms: Option<u64>,
    /// From the first audio to the first of it that left.
    #[serde(skip_serializing_if = "Option::is_none")]
    leg_ms: Option<u64>,
}

impl From<store::TurnLatency> for LatencyParts {
    fn from(told: store::TurnLatency) -> Self {
        Self {
            response_ms: told.response_ms,
            endpoint_ms: told.endpoint_ms,
            stt_ms: told.stt_ms,
            brain_ms: told.brain_ms,
            token_ms: told.token_ms,
            tts_ms: told.tts_ms,
            engine_ms: told.engine_ms,
            leg_ms: told.leg_ms,
        }
    }
}

impl Control<'_> {
    /// Whether the call is another one if this does not arrive. What is only told may be lost.
    pub(super) const fn is_order(&self) -> bool {
        match self {
            Self::Clear | Self::Pause | Self::Resume | Self::Hangup | Self::Transfer { .. } => true,
            Self::Transcript { .. } | Self::Mark { .. } | Self::Latency(_) | Self::Alive { .. } => false,
        }
    }
}
