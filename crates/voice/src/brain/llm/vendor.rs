//! Who serves a model, and what distinguishes those who speak the same language.

use crate::service::KeyHeader;
use std::str::FromStr;

/// Who serves the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// OpenAI.
    OpenAi,
    /// Azure OpenAI: the address is the resource's `…/openai/v1`, or `…/openai/deployments/NAME?api-version=…`.
    Azure,
    /// Groq.
    Groq,
    /// OpenRouter.
    OpenRouter,
    /// Ollama on a machine of one's own.
    Ollama,
    /// vLLM on a machine of one's own.
    Vllm,
    /// LM Studio on a machine of one's own.
    LmStudio,
    /// Anything else that speaks OpenAI's `/chat/completions`.
    Compatible,
    /// Anthropic's Messages.
    Anthropic,
    /// Gemini's `streamGenerateContent`.
    Gemini,
}

/// The language of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Chat,
    Anthropic,
    Gemini,
}

/// What is different from one to the other.
struct Traits {
    vendor: Vendor,
    name: &'static str,
    /// Up to and with the version.
    base_url: Option<&'static str>,
    api: Api,
    key_header: KeyHeader,
    /// The key of a request that limits an answer's tokens: OpenAI's newer models refuse `max_tokens`, what runs at home may not know
    /// `max_completion_tokens`.
    tokens_key: &'static str,
}

#[rustfmt::skip]
const VENDORS: [Traits; 10] = [
    Traits { vendor: Vendor::OpenAi, name: "openai", base_url: Some("https://api.openai.com/v1"), api: Api::Chat, key_header: KeyHeader::Bearer, tokens_key: "max_completion_tokens" },
    Traits { vendor: Vendor::Azure, name: "azure", base_url: None, api: Api::Chat, key_header: KeyHeader::Named("api-key"), tokens_key: "max_completion_tokens" },
    Traits { vendor: Vendor::Groq, name: "groq", base_url: Some("https://api.groq.com/openai/v1"), api: Api::Chat, key_header: KeyHeader::Bearer, tokens_key: "max_completion_tokens" },
    Traits { vendor: Vendor::OpenRouter, name: "openrouter", base_url: Some("https://openrouter.ai/api/v1"), api: Api::Chat, key_header: KeyHeader::Bearer, tokens_key: "max_tokens" },
    Traits { vendor: Vendor::Ollama, name: "ollama", base_url: Some("http://127.0.0.1:11434/v1"), api: Api::Chat, key_header: KeyHeader::Bearer, tokens_key: "max_tokens" },
    Traits { vendor: Vendor::Vllm, name: "vllm", base_url: Some("http://127.0.0.1:8000/v1"), api: Api::Chat, key_header: KeyHeader::Bearer, tokens_key: "max_tokens" },
    Traits { vendor: Vendor::LmStudio, name: "lm-studio", base_url: Some("http://127.0.0.1:1234/v1"), api: Api::Chat, key_header: KeyHeader::Bearer, tokens_key: "max_tokens" },
    Traits { vendor: Vendor::Compatible, name: "chat", base_url: None, api: Api::Chat, key_header: KeyHeader::Bearer, tokens_key: "max_tokens" },
    Traits { vendor: Vendor::Anthropic, name: "anthropic", base_url: Some("https://api.anthropic.com/v1"), api: Api::Anthropic, key_header: KeyHeader::Named("x-api-key"), tokens_key: "max_tokens" },
    Traits { vendor: Vendor::Gemini, name: "gemini", base_url: Some("https://generativelanguage.googleapis.com/v1beta"), api: Api::Gemini, key_header: KeyHeader::Named("x-goog-api-key"), tokens_key: "maxOutputTokens" },
];

impl Vendor {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        VENDORS.iter().map(|traits| traits.vendor)
    }

    /// The name in configuration.
    pub fn name(self) -> &'static str {
        self.traits().name
    }

    /// The address where there is one for all, up to and with the API's version.
    pub fn base_url(self) -> Option<&'static str> {
        self.traits().base_url
    }

    /// Whether it answers nobody without a key.
    pub fn wants_key(self) -> bool {
        !matches!(
            self,
            Self::Ollama | Self::Vllm | Self::LmStudio | Self::Compatible
        )
    }

    pub(super) fn api(self) -> Api {
        self.traits().api
    }

    pub(super) fn key_header(self) -> KeyHeader {
        self.traits().key_header
    }

    pub(super) fn tokens_key(self) -> &'static str {
        self.traits().tokens_key
    }

    fn traits(self) -> &'static Traits {
        let at = VENDORS.iter().position(|traits| traits.vendor == self);
        // Each has its line: a test looks.
        &VENDORS[at.unwrap_or_default()]
    }
}

/// A name that is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} serves no language model that is known; known are {names}", names = names())]
pub struct UnknownVendor(pub String);

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(name: &str) -> Result<Self, UnknownVendor> {
        Self::all()
            .find(|vendor| vendor.name() == name)
            .ok_or_else(|| UnknownVendor(name.into()))
    }
}

fn names() -> String {
    Vendor::all().map(Vendor::name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_has_its_own_line_and_name() {
        for vendor in [
            Vendor::OpenAi,
            Vendor::Azure,
            Vendor::Groq,
            Vendor::OpenRouter,
            Vendor::Ollama,
            Vendor::Vllm,
            Vendor::LmStudio,
            Vendor::Compatible,
            Vendor::Anthropic,
            Vendor::Gemini,
        ] {
            assert_eq!(vendor.traits().vendor, vendor);
            assert_eq!(vendor.name().parse(), Ok(vendor));
        }
        let unknown = "hal".parse::<Vendor>().unwrap_err().to_string();
        assert!(
            unknown.contains("\"hal\"") && unknown.contains("ollama"),
            "{unknown}"
        );
    }
}
