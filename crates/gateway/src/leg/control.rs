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
    /// How long the caller waited for an answer, from the end of speech to the first audio, and where the time went if that
    /// is known.
    Latency {
        response_ms: u64,
        #[serde(skip_serializing_if = "Option::is_none", flatten)]
        parts: Option<LatencyParts>,
    },
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

/// The parts of an answer's latency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct LatencyParts {
    /// Until it was sure that the caller had finished.
    endpoint_ms: u64,
    stt_ms: u64,
    brain_ms: u64,
    tts_ms: u64,
}

impl Control<'_> {
    /// Whether the call is another one if this does not arrive. What is only told may be lost.
    pub(super) const fn is_order(&self) -> bool {
        match self {
            Self::Clear | Self::Pause | Self::Resume | Self::Hangup | Self::Transfer { .. } => true,
            Self::Transcript { .. } | Self::Mark { .. } | Self::Latency { .. } | Self::Alive { .. } => false,
        }
    }

    pub(crate) fn latency(response_ms: u64, told: Option<voice::engine::Latency>) -> Self {
        let parts = told.map(|told| LatencyParts {
            endpoint_ms: response_ms.saturating_sub(told.stt_ms + told.brain_ms + told.tts_ms),
            stt_ms: told.stt_ms,
            brain_ms: told.brain_ms,
            tts_ms: told.tts_ms,
        });
        Self::Latency { response_ms, parts }
    }
}
