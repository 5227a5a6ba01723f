//! OpenAI's `/audio/transcriptions`, and what speaks it: Groq, Speaches, faster-whisper-server, vLLM.
//!
//! Format: PyPI `openai` 3.54, `types/audio/transcription_create_params.py`.

use super::multipart;
use super::order::{Order, Wire};
use super::wav::wav;
use crate::service::{KeyHeader, Service};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

pub(super) const URL: &str = "https://api.openai.com/v1";
pub(super) const MODEL: &str = "gpt-transcribe";
pub(super) const GROQ_URL: &str = "https://api.groq.com/openai/v1";
pub(super) const GROQ_MODEL: &str = "whisper-large-v3-turbo";

pub(super) struct OpenAi;

impl Wire for OpenAi {
    fn key(&self) -> KeyHeader {
        KeyHeader::Bearer
    }

    fn example(&self) -> &'static str {
        URL
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        let mut texts = vec![
            ("model", order.config.model.as_str()),
            ("language", order.language.code()),
            ("response_format", "json"),
        ];
        if !order.hint.is_empty() {
            texts.push(("prompt", order.hint));
        }
        service
            .post(service.at(&["audio", "transcriptions"]))
            .header(CONTENT_TYPE, multipart::content_type())
            .body(multipart::form(&wav(order.samples), &texts))
    }

    fn words(&self, answer: &Value) -> Option<String> {
        answer["text"].as_str().map(ToOwned::to_owned)
    }
}
