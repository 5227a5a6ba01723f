//! Whose API it is: what differs between the providers of the family.

use super::RATE;
use crate::realtime::Rates;
use crate::service::KeyHeader;
use audio::SampleRate;
use call::By;
use std::time::Duration;

/// A provider of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// OpenAI itself: PCM at 24 kHz, an hour a session.
    #[default]
    OpenAi,
    /// Azure OpenAI: the same by another door. The model is the name of a deployment.
    Azure,
    /// xAI: PCM at the leg's rate, voice and turn detection at the top of the session, which is resumable; the model answers and is
    /// interrupted by itself, since turn-taking by the client does not work reliably (LiveKit's adapter says so).
    Xai,
    /// Alibaba's Qwen-Omni: the names and the flat session of OpenAI's beta, 16 kHz in and 24 kHz out; the model answers and is
    /// interrupted by itself, and can neither forget nor cut what was said.
    Qwen,
}

impl Dialect {
    /// The provider's name, for the operator.
    pub(super) const fn provider(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI",
            Self::Azure => "Azure OpenAI",
            Self::Xai => "xAI",
            Self::Qwen => "Qwen",
        }
    }

    /// Where the provider tells how it is.
    pub(super) const fn status_page(self) -> &'static str {
        match self {
            Self::OpenAi => "https://status.openai.com",
            Self::Azure => "https://status.azure.com",
            Self::Xai => "https://status.x.ai",
            Self::Qwen => "https://status.alibabacloud.com",
        }
    }

    /// The address of the API, without the model. Azure's names the resource, which nobody but the operator knows.
    pub(super) const fn url(self) -> &'static str {
        match self {
            Self::OpenAi => "wss://api.openai.com/v1/realtime",
            Self::Azure => "wss://RESOURCE.openai.azure.com/openai/v1/realtime",
            Self::Xai => "wss://api.x.ai/v1/realtime",
            Self::Qwen => "wss://dashscope-intl.aliyuncs.com/api-ws/v1/realtime",
        }
    }

    pub(super) const fn model(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Azure => "gpt-realtime-2.1",
            Self::Xai => "grok-voice-latest",
            Self::Qwen => "qwen3.5-omni-flash-realtime",
        }
    }

    /// The voice of secretaries that name none; empty for the provider's own choice.
    pub(super) const fn voice(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Azure => "marin",
            Self::Xai => "ara",
            Self::Qwen => "",
        }
    }

    pub(super) const fn transcription_model(self) -> &'static str {
        match self {
            Self::OpenAi => "gpt-transcribe",
            Self::Azure => "whisper-1",
            Self::Xai => "grok-transcribe",
            Self::Qwen => "qwen3-asr-flash-realtime",
        }
    }

    pub(super) const fn key_header(self) -> KeyHeader {
        match self {
            Self::OpenAi | Self::Xai | Self::Qwen => KeyHeader::Bearer,
            Self::Azure => KeyHeader::Named("api-key"),
        }
    }

    /// The rates of the audio, given that of the leg.
    pub(super) const fn rates(self, leg: SampleRate) -> Rates {
        match self {
            Self::OpenAi | Self::Azure => Rates {
                input: RATE,
                output: RATE,
            },
            Self::Xai => Rates {
                input: leg,
                output: leg,
            },
            Self::Qwen => Rates {
                input: SampleRate::HZ_16000,
                output: RATE,
            },
        }
    }

    /// Who asks for answers and interrupts them.
    pub(super) const fn leads(self) -> By {
        match self {
            Self::OpenAi | Self::Azure => By::Call,
            Self::Xai | Self::Qwen => By::Engine,
        }
    }

    /// Whether what was said can be taken back: cut to what was heard, or forgotten.
    pub(super) const fn takes_back(self) -> bool {
        match self {
            Self::OpenAi | Self::Azure | Self::Xai => true,
            Self::Qwen => false,
        }
    }

    /// The longest session. OpenAI and xAI say an hour; Alibaba's has grown with its models, so half an hour is on the safe side.
    pub(super) const fn longest(self) -> Duration {
        match self {
            Self::OpenAi | Self::Azure | Self::Xai => Duration::from_secs(3_600),
            Self::Qwen => Duration::from_secs(1_800),
        }
    }
}
