//! Google Cloud Text-to-Speech `text:synthesize`, which gives a text's audio at once: its streaming is gRPC alone.
//!
//! Format: PyPI `google-cloud-texttospeech` 2.38, `texttospeech_v1/types/cloud_tts.py`. `LINEAR16` comes with a WAV header.

use super::order::{Order, Packing, Wire};
use crate::service::{KeyHeader, Service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use secretary::Language;
use serde::Deserialize;
use serde_json::json;

pub(super) const URL: &str = "https://texttospeech.googleapis.com";

pub(super) struct Google;

impl Wire for Google {
    fn key(&self) -> KeyHeader {
        KeyHeader::Named("x-goog-api-key")
    }

    fn example(&self) -> &'static str {
        URL
    }

    /// Named by the language alone, it chooses one.
    fn voice(&self, _language: Language) -> Option<&'static str> {
        Some("")
    }

    /// 5000 bytes.
    fn longest(&self) -> usize {
        5_000
    }

    fn rate(&self) -> u32 {
        16_000
    }

    fn packing(&self) -> Packing {
        Packing::Json
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        let mut voice = json!({"languageCode": language_of(order)});
        if !order.voice.is_empty() {
            voice["name"] = json!(order.voice);
        }
        let mut audio = json!({"audioEncoding": "LINEAR16", "sampleRateHertz": self.rate()});
        if let Some(speed) = order.config.speed {
            audio["speakingRate"] = json!(speed);
        }
        let body = json!({"input": {"text": order.text}, "voice": voice, "audioConfig": audio});
        service.post(service.at(&["v1", "text:synthesize"])).json(&body)
    }
}

/// The language that a voice's name begins with ("pt-BR-Neural2-A"), which must be the one asked for; else the text's.
fn language_of(order: &Order<'_>) -> String {
    let mut parts = order.voice.split('-');
    let letters = |part: &str, length| part.len() == length && part.chars().all(|c| c.is_ascii_alphabetic());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(language), Some(region), Some(_)) if letters(language, 2) && letters(region, 2) => {
            format!("{language}-{region}")
        }
        _ => match order.language {
            Language::PtBr => "pt-BR".into(),
            Language::En => "en-US".into(),
        },
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    audio_content: String,
}

/// The audio out of an answer; what is wrong with it completes the service's name.
pub(super) fn audio(body: &[u8]) -> Result<Vec<u8>, String> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| "answers without audioContent".to_owned())?;
    STANDARD
        .decode(answer.audio_content)
        .map_err(|_| "sends audioContent that is no base64".into())
}
