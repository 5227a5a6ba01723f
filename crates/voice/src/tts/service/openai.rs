//! OpenAI `/audio/speech`, and the local servers that have the same.
//!
//! Format: PyPI `openai` 3.54, `types/audio/speech_create_params.py`. `pcm` is 24 kHz, 16 bits, little-endian, without a header
//! (OpenAI, "Text to speech: supported output formats"); Kokoro-FastAPI sends the same.

use super::order::{Order, SpeechConfig, Wire};
use crate::service::{KeyHeader, Service};
use reqwest::RequestBuilder;
use secretary::Language;
use serde_json::json;

pub(super) const URL: &str = "https://api.openai.com/v1";

/// The one that starts soonest of those that are not announced to be shut down before 2027.
pub(super) const MODEL: &str = "gpt-4o-mini-tts";

pub(super) struct OpenAi;

impl Wire for OpenAi {
    fn key(&self) -> KeyHeader {
        KeyHeader::Bearer
    }

    fn example(&self) -> &'static str {
        "https://api.openai.com/v1 or, for a server of your own, http://127.0.0.1:8880/v1"
    }

    fn lacks(&self, config: &SpeechConfig) -> Option<(&'static str, &'static str)> {
        let remedy = "gpt-4o-mini-tts is one of OpenAI's, kokoro that of Kokoro-FastAPI";
        config.model.trim().is_empty().then_some(("model", remedy))
    }

    /// Every voice speaks every language.
    fn voice(&self, _language: Language) -> Option<&'static str> {
        Some("marin")
    }

    /// 4096 characters.
    fn longest(&self) -> usize {
        4096
    }

    fn rate(&self) -> u32 {
        24_000
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        let config = order.config;
        let mut body = json!({
            "model": config.model,
            "input": order.text,
            "voice": order.voice,
            "response_format": "pcm",
        });
        if let Some(speed) = config.speed {
            body["speed"] = json!(speed);
        }
        if !config.instructions.is_empty() {
            body["instructions"] = json!(config.instructions);
        }
        service.post(service.at(&["audio", "speech"])).json(&body)
    }
}
