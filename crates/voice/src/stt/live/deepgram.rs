//! Deepgram `/v1/listen`.
//!
//! Format: PyPI `deepgram-sdk` 7.17, `listen/v1`; Deepgram, "Finalize" and "Audio keep alive". Results carry their place in the sound that
//! was sent, in seconds: so what belongs to which turn is known.

use super::wire::{News, Talk, Wire, phrases};
use crate::service::{KeyHeader, Service};
use crate::stt::frame::RATE;
use reqwest::Url;
use secretary::Language;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Names and words that the model is told to expect; more cost accuracy.
const KEYTERMS: usize = 50;

/// Results end where a word does or at the end of the sound, give or take so many seconds.
const ROUNDING: f64 = 0.02;

pub(super) struct Deepgram;

impl Wire for Deepgram {
    fn key(&self) -> KeyHeader {
        KeyHeader::Token
    }

    fn url(&self, service: &Service, model: &str, language: Language, hint: &str) -> Url {
        let mut url = service.at(&["v1", "listen"]);
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("model", model)
                .append_pair("language", language.tag())
                .append_pair("encoding", "linear16")
                .append_pair("sample_rate", &RATE.to_string())
                .append_pair("channels", "1")
                .append_pair("interim_results", "true")
                .append_pair("punctuate", "true")
                // The call finds the end of a turn.
                .append_pair("endpointing", "false");
            // Models before the third know no key terms.
            if model.starts_with("nova-3") {
                for phrase in phrases(hint, 60, KEYTERMS) {
                    query.append_pair("keyterm", phrase);
                }
            }
        }
        url
    }

    fn talk(&self) -> Box<dyn Talk> {
        Box::new(Positions::default())
    }
}

/// Where in the sound that was sent what begins and ends, in samples.
#[derive(Default)]
struct Positions {
    sent: u64,
    /// Where the present turn begins.
    turn: u64,
    /// Up to where words were asked for.
    asked: u64,
}

impl Positions {
    fn text(kind: &str) -> Message {
        Message::text(format!("{{\"type\":\"{kind}\"}}"))
    }
}

impl Talk for Positions {
    /// What is not final of the turn before is made so: it would run into this one's first words.
    fn begin(&mut self) -> Option<Message> {
        let unasked = self.sent > self.asked;
        (self.turn, self.asked) = (self.sent, self.sent);
        unasked.then(|| Self::text("Finalize"))
    }

    fn sound(&mut self, samples: &[i16]) -> Message {
        self.sent += samples.len() as u64;
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        Message::binary(bytes)
    }

    fn finalize(&mut self) -> Message {
        self.asked = self.sent;
        Self::text("Finalize")
    }

    fn keepalive(&self) -> Option<Message> {
        Some(Self::text("KeepAlive"))
    }

    fn goodbye(&self) -> Option<Message> {
        Some(Self::text("CloseStream"))
    }

    fn read(&mut self, event: &Value) -> Vec<News> {
        match event["type"].as_str() {
            Some("Results") => self.results(event),
            Some("Error") => {
                // It could not read what we sent.
                let status = if event["variant"] == "SchemaError" {
                    400
                } else {
                    500
                };
                let error = json!({"error": {"code": event["variant"], "message": event["description"]}});
                vec![News::Refused { status, error }]
            }
            _ => Vec::new(),
        }
    }
}

impl Positions {
    fn results(&self, event: &Value) -> Vec<News> {
        let seconds = |samples: u64| samples as f64 / RATE as f64;
        let start = event["start"].as_f64().unwrap_or_default();
        let end = start + event["duration"].as_f64().unwrap_or_default();
        if end <= seconds(self.turn) + ROUNDING && self.turn > 0 {
            return Vec::new();
        }
        let words = event["channel"]["alternatives"][0]["transcript"].as_str();
        let words = words.unwrap_or_default().trim().to_owned();
        let mut news = match event["is_final"].as_bool() {
            Some(true) => vec![News::Final(words)],
            _ => vec![News::Interim(words)],
        };
        // One may still be the answer to a question that was asked earlier in the turn.
        let all = end + ROUNDING >= seconds(self.asked);
        if event["from_finalize"].as_bool() == Some(true) && all {
            news.push(News::Finalized);
        }
        news
    }
}
