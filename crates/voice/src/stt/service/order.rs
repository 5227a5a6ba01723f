//! What is asked of a provider, and what differs between providers.

use super::{azure, google, openai};
use crate::service::{Access, KeyHeader, Service};
use reqwest::RequestBuilder;
use secretary::Language;
use serde_json::Value;
use std::time::Duration;

/// A provider of speech to text, for whole utterances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// `/audio/transcriptions`, as OpenAI, Speaches and other local servers have it.
    OpenAi,
    /// The same at Groq.
    Groq,
    /// Azure AI Speech, "for short audio".
    Azure,
    /// Google Cloud Speech-to-Text.
    Google,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Groq, Self::Azure, Self::Google];

    /// Its name in a configuration's `kind`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Groq => "groq",
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
            Self::Groq => Some(openai::GROQ_URL),
            Self::Azure => None,
            Self::Google => Some(google::URL),
        }
    }

    /// The model where none is configured; empty where the provider chooses.
    pub const fn model(self) -> &'static str {
        match self {
            Self::OpenAi => openai::MODEL,
            Self::Groq => openai::GROQ_MODEL,
            Self::Azure | Self::Google => "",
        }
    }

    pub(super) const fn wants_model(self) -> bool {
        matches!(self, Self::OpenAi | Self::Groq)
    }

    pub(super) fn wire(self) -> &'static dyn Wire {
        match self {
            Self::OpenAi | Self::Groq => &openai::OpenAi,
            Self::Azure => &azure::Azure,
            Self::Google => &google::Google,
        }
    }
}

/// What a [`super::TranscriptionService`] is told.
#[derive(Debug, Clone)]
pub struct TranscriptionConfig {
    /// The provider.
    pub vendor: Vendor,
    /// Where it is, and the key.
    pub access: Access,
    /// The model, where the provider wants or takes one.
    pub model: String,
    /// How long the words may take, from the request on, a second try included.
    pub timeout: Duration,
}

impl TranscriptionConfig {
    /// The provider's usual model; the words within 5 s.
    pub fn new(vendor: Vendor, access: Access) -> Self {
        Self {
            vendor,
            access,
            model: vendor.model().into(),
            timeout: Duration::from_secs(5),
        }
    }
}

/// One utterance.
pub(super) struct Order<'a> {
    /// Mono, at 16 kHz.
    pub(super) samples: &'a [i16],
    pub(super) language: Language,
    /// Words that are likely, empty for none.
    pub(super) hint: &'a str,
    pub(super) config: &'a TranscriptionConfig,
}

/// What differs between providers.
pub(super) trait Wire: Send + Sync {
    /// How it wants its key.
    fn key(&self) -> KeyHeader;

    /// An address that would be right.
    fn example(&self) -> &'static str;

    /// The request for an utterance.
    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder;

    /// The words of an answer, empty if there are none; nothing if it is no such answer.
    fn words(&self, answer: &Value) -> Option<String>;
}
