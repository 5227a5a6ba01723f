//! Azure AI Speech: the REST API for short audio (60 s at most), which takes no hint; its streaming wants an SDK.
//!
//! Format: Microsoft Learn, "Speech to text REST API for short audio".

use super::order::{Order, Wire};
use super::wav::wav;
use crate::service::{KeyHeader, Service};
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::Value;

pub(super) struct Azure;

impl Wire for Azure {
    fn key(&self) -> KeyHeader {
        KeyHeader::Named("ocp-apim-subscription-key")
    }

    fn example(&self) -> &'static str {
        "https://brazilsouth.stt.speech.microsoft.com, with the region of your resource"
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        let path = ["speech", "recognition", "conversation", "cognitiveservices", "v1"];
        let mut url = service.at(&path);
        url.query_pairs_mut()
            .append_pair("language", order.language.tag())
            .append_pair("format", "simple")
            .append_pair("profanity", "raw");
        service
            .post(url)
            .header(CONTENT_TYPE, "audio/wav; codecs=audio/pcm; samplerate=16000")
            .header(ACCEPT, "application/json")
            .body(wav(order.samples))
    }

    fn words(&self, answer: &Value) -> Option<String> {
        match answer["RecognitionStatus"].as_str()? {
            "Success" => Some(answer["DisplayText"].as_str().unwrap_or_default().to_owned()),
            // Silence, noise, and speech that is none of the language.
            "NoMatch" | "InitialSilenceTimeout" | "BabbleTimeout" | "EndOfDictation" => Some(String::new()),
            _ => None,
        }
    }
}
