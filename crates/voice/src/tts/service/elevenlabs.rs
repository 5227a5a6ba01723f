//! ElevenLabs `/v1/text-to-speech/{voice}/stream`.
//!
//! Format: PyPI `elevenlabs` 2.78, `text_to_speech/raw_client.py`. The WebSocket `stream-input` takes text in pieces; here whole
//! clauses are sent, each as soon as it is there, for which a request over a kept connection begins as soon.

use super::order::{Order, SpeechConfig, Wire};
use crate::service::{KeyHeader, Service};
use reqwest::RequestBuilder;
use secretary::Language;
use serde_json::json;

pub(super) const URL: &str = "https://api.elevenlabs.io";

/// The one with the least latency.
pub(super) const MODEL: &str = "eleven_flash_v2_5";

pub(super) struct ElevenLabs;

impl Wire for ElevenLabs {
    fn key(&self) -> KeyHeader {
        KeyHeader::Named("xi-api-key")
    }

    fn example(&self) -> &'static str {
        URL
    }

    fn lacks(&self, config: &SpeechConfig) -> Option<(&'static str, &'static str)> {
        let remedy = "eleven_flash_v2_5 is the fastest, eleven_multilingual_v2 speaks best";
        config.model.trim().is_empty().then_some(("model", remedy))
    }

    /// A voice is an id that each account adds for itself.
    fn voice(&self, _language: Language) -> Option<&'static str> {
        None
    }

    /// 10 000 characters for `eleven_multilingual_v2`, 40 000 for the fast models.
    fn longest(&self) -> usize {
        5_000
    }

    fn rate(&self) -> u32 {
        16_000
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        let config = order.config;
        let mut body = json!({"text": order.text, "model_id": config.model});
        // "This parameter is not supported for multilingual_v2 models."
        if config.model.ends_with("_v2_5") {
            body["language_code"] = json!(order.language.code());
        }
        if let Some(speed) = config.speed {
            body["voice_settings"] = json!({"speed": speed});
        }
        let mut url = service.at(&["v1", "text-to-speech", order.voice, "stream"]);
        url.query_pairs_mut().append_pair("output_format", "pcm_16000");
        service.post(url).json(&body)
    }
}
