//! Google Cloud Speech-to-Text `speech:recognize` (60 s at most) with an API key; its streaming is gRPC alone.
//!
//! Format: Google Cloud, "Method: speech.recognize", v1.

use super::order::{Order, Wire};
use crate::service::{KeyHeader, Service};
use crate::stt::frame::RATE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

pub(super) const URL: &str = "https://speech.googleapis.com";

pub(super) struct Google;

impl Wire for Google {
    fn key(&self) -> KeyHeader {
        KeyHeader::Named("x-goog-api-key")
    }

    fn example(&self) -> &'static str {
        URL
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        let sound: Vec<u8> = order
            .samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        let mut config = json!({"encoding": "LINEAR16", "sampleRateHertz": RATE, "languageCode": order.language.tag(),
            "enableAutomaticPunctuation": true});
        let phrases = phrases(order.hint);
        if !phrases.is_empty() {
            config["speechContexts"] = json!([{"phrases": phrases}]);
        }
        if !order.config.model.is_empty() {
            config["model"] = order.config.model.as_str().into();
        }
        service
            .post(service.at(&["v1", "speech:recognize"]))
            .json(&json!({"config": config, "audio": {"content": STANDARD.encode(sound)}}))
    }

    /// Silence has no results.
    fn words(&self, answer: &Value) -> Option<String> {
        let results = match &answer.as_object()?.get("results") {
            Some(results) => results.as_array()?.as_slice(),
            None => &[],
        };
        let words: Vec<&str> = results
            .iter()
            .filter_map(|result| result["alternatives"][0]["transcript"].as_str())
            .map(str::trim)
            .collect();
        Some(words.join(" "))
    }
}

/// The words and sentences of a hint one by one: a phrase has 100 characters at most.
fn phrases(hint: &str) -> Vec<&str> {
    hint.split([',', '.', ':'])
        .map(str::trim)
        .filter(|phrase| !phrase.is_empty() && phrase.chars().count() <= 100)
        .collect()
}
