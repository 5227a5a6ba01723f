//! What is asked of a provider, and what differs between providers.

use super::{azure, deepgram, elevenlabs, google, openai};
use crate::service::{Access, KeyHeader, Service};
use reqwest::RequestBuilder;
use secretary::Language;
use std::time::Duration;

/// A provider of text to speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// `/audio/speech`, as OpenAI, Kokoro-FastAPI, Speaches and other local servers have it.
    OpenAi,
    /// ElevenLabs.
    ElevenLabs,
    /// Deepgram Aura.
    Deepgram,
    /// Azure AI Speech.
    Azure,
    /// Google Cloud Text-to-Speech.
    Google,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::ElevenLabs,
        Self::Deepgram,
        Self::Azure,
        Self::Google,
    ];

    /// Its name in a configuration's `kind`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::ElevenLabs => "elevenlabs",
            Self::Deepgram => "deepgram",
            Self::Azure => "azure",
            Self::Google => "google",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }

    /// Its public address; nothing where each customer has an own one (Azure: one a region).
    pub const fn url(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some(openai::URL),
            Self::ElevenLabs => Some(elevenlabs::URL),
            Self::Deepgram => Some(deepgram::URL),
            Self::Azure => None,
            Self::Google => Some(google::URL),
        }
    }

    /// The model where none is configured; empty where the voice names it.
    pub const fn model(self) -> &'static str {
        match self {
            Self::OpenAi => openai::MODEL,
            Self::ElevenLabs => elevenlabs::MODEL,
            Self::Deepgram | Self::Azure | Self::Google => "",
        }
    }

    pub(super) fn wire(self) -> &'static dyn Wire {
        match self {
            Self::OpenAi => &openai::OpenAi,
            Self::ElevenLabs => &elevenlabs::ElevenLabs,
            Self::Deepgram => &deepgram::Deepgram,
            Self::Azure => &azure::Azure,
            Self::Google => &google::Google,
        }
    }
}

/// What a [`super::SpeechService`] is told.
#[derive(Debug, Clone)]
pub struct SpeechConfig {
    /// The provider.
    pub vendor: Vendor,
    /// Where it is, and the key.
    pub access: Access,
    /// The model, where the voice does not name it.
    pub model: String,
    /// The voice of secretaries that name none; empty for the provider's own choice.
    pub voice: String,
    /// How fast it speaks, where 1 is the voice's own pace; providers take 0.7 to 1.2 at least.
    pub speed: Option<f32>,
    /// How it is to speak, in words, where the model takes that (OpenAI `gpt-4o-mini-tts`).
    pub instructions: String,
    /// How long the first audio of a text may take, from the request on, a second try included.
    pub first_audio_timeout: Duration,
    /// How long each further piece of audio may take.
    pub audio_timeout: Duration,
}

impl SpeechConfig {
    /// The provider's usual model and voice; first audio within 2.5 s, so that another voice can begin within 3, and each further
    /// piece within 5 s.
    pub fn new(vendor: Vendor, access: Access) -> Self {
        Self {
            vendor,
            access,
            model: vendor.model().into(),
            voice: String::new(),
            speed: None,
            instructions: String::new(),
            first_audio_timeout: Duration::from_millis(2_500),
            audio_timeout: Duration::from_secs(5),
        }
    }
}

/// One text to be spoken.
pub(super) struct Order<'a> {
    pub(super) text: &'a str,
    pub(super) language: Language,
    pub(super) voice: &'a str,
    pub(super) config: &'a SpeechConfig,
}

/// How a provider packs its audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// The body is the audio, sent while it is made.
    Stream,
    /// The body is JSON with the whole audio in it.
    Json,
}

/// What differs between providers.
pub(super) trait Wire: Send + Sync {
    /// How it wants its key.
    fn key(&self) -> KeyHeader;

    /// An address that would be right.
    fn example(&self) -> &'static str;

    /// The setting that it cannot do without and that is not there, and what to write there.
    fn lacks(&self, _config: &SpeechConfig) -> Option<(&'static str, &'static str)> {
        None
    }

    /// Its voice for a language; empty if it chooses one by itself, nothing if it must be named.
    fn voice(&self, language: Language) -> Option<&'static str>;

    /// The longest text of one request, in bytes of UTF-8.
    fn longest(&self) -> usize;

    /// The rate of audio without a header, in Hz.
    fn rate(&self) -> u32;

    /// How the audio is packed.
    fn packing(&self) -> Packing {
        Packing::Stream
    }

    /// The request.
    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder;
}
