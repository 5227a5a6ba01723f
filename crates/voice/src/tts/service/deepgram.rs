//! Deepgram Aura `/v1/speak`.
//!
//! Format: PyPI `deepgram-sdk` 7.17, `speak/v1/audio/raw_client.py`; without `container=none` the audio has a WAV header.

use super::order::{Order, Wire};
use crate::service::{KeyHeader, Service};
use reqwest::RequestBuilder;
use secretary::Language;
use serde_json::json;

pub(super) const URL: &str = "https://api.deepgram.com";

pub(super) struct Deepgram;

impl Wire for Deepgram {
    fn key(&self) -> KeyHeader {
        KeyHeader::Token
    }

    fn example(&self) -> &'static str {
        URL
    }

    /// Aura's voices are of one language each; none that the SDK names is Portuguese.
    fn voice(&self, language: Language) -> Option<&'static str> {
        match language {
            Language::En => Some("aura-2-thalia-en"),
            Language::PtBr => None,
        }
    }

    /// 2000 characters.
    fn longest(&self) -> usize {
        2_000
    }

    fn rate(&self) -> u32 {
        16_000
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        let mut url = service.at(&["v1", "speak"]);
        url.query_pairs_mut()
            .append_pair("container", "none")
            .append_pair("encoding", "linear16")
            .append_pair("model", order.voice)
            .append_pair("sample_rate", "16000");
        if let Some(speed) = order.config.speed {
            url.query_pairs_mut().append_pair("speed", &speed.to_string());
        }
        service.post(url).json(&json!({"text": order.text}))
    }
}
