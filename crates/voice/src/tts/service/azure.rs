//! Azure AI Speech `/cognitiveservices/v1`.
//!
//! Format: Microsoft Learn, "Text to speech REST API".

use super::order::{Order, Wire};
use crate::service::{KeyHeader, Service};
use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use secretary::Language;

pub(super) struct Azure;

impl Wire for Azure {
    fn key(&self) -> KeyHeader {
        KeyHeader::Named("ocp-apim-subscription-key")
    }

    fn example(&self) -> &'static str {
        "https://brazilsouth.tts.speech.microsoft.com, with the region of your resource"
    }

    fn voice(&self, language: Language) -> Option<&'static str> {
        Some(match language {
            Language::PtBr => "pt-BR-FranciscaNeural",
            Language::En => "en-US-JennyNeural",
        })
    }

    /// The audio of one request lasts 10 minutes at most: some 9000 characters.
    fn longest(&self) -> usize {
        4_000
    }

    fn rate(&self) -> u32 {
        16_000
    }

    fn request(&self, service: &Service, order: &Order<'_>) -> RequestBuilder {
        service
            .post(service.at(&["cognitiveservices", "v1"]))
            .header("X-Microsoft-OutputFormat", "raw-16khz-16bit-mono-pcm")
            .header(CONTENT_TYPE, "application/ssml+xml")
            // Required.
            .header(USER_AGENT, "voice-ai-ivr")
            .body(ssml(order))
    }
}

/// The text as a document of one voice.
fn ssml(order: &Order<'_>) -> String {
    let (language, voice, text) = (order.language.tag(), escaped(order.voice), escaped(order.text));
    let words = match order.config.speed {
        Some(speed) => format!("<prosody rate=\"{speed}\">{text}</prosody>"),
        None => text,
    };
    format!(
        "<speak version=\"1.0\" xmlns=\"http://www.w3.org/2001/10/synthesis\" xml:lang=\"{language}\">\
         <voice name=\"{voice}\">{words}</voice></speak>"
    )
}

/// A text in which nothing is markup. Control characters, which XML cannot hold, have been taken out before.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // Two that are no control characters and no XML either.
            '\u{fffe}' | '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}
