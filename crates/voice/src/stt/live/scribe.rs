//! ElevenLabs Scribe realtime.
//!
//! Format: PyPI `elevenlabs` 2.78, `realtime/` and `types/*_payload.py`. Words are committed when they are asked for, and each commit
//! is answered once, in order: so what belongs to which turn is counted.

use super::wire::{News, Talk, Wire, phrases};
use crate::service::{KeyHeader, Service};
use crate::stt::frame::RATE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use secretary::Language;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Of the package's documentation: so many key terms at most, of so many characters.
const KEYTERMS: usize = 50;
const LONGEST_KEYTERM: usize = 20;

pub(super) struct Scribe;

impl Wire for Scribe {
    fn key(&self) -> KeyHeader {
        KeyHeader::Named("xi-api-key")
    }

    fn url(&self, service: &Service, model: &str, language: Language, hint: &str) -> Url {
        let mut url = service.at(&["v1", "speech-to-text", "realtime"]);
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("model_id", model)
                .append_pair("audio_format", "pcm_16000")
                .append_pair("commit_strategy", "manual")
                .append_pair("language_code", language.code());
            for phrase in phrases(hint, LONGEST_KEYTERM, KEYTERMS) {
                query.append_pair("keyterms", phrase);
            }
        }
        url
    }

    fn talk(&self) -> Box<dyn Talk> {
        Box::new(Commits::default())
    }
}

/// What was committed, and what of it has been answered.
#[derive(Default)]
struct Commits {
    /// Sound was sent that is not committed.
    open: bool,
    committed: u64,
    answered: u64,
    /// How many commits belong to turns before this one.
    before: u64,
}

impl Commits {
    fn chunk(samples: &[i16], commit: bool) -> Message {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let chunk = json!({"message_type": "input_audio_chunk", "audio_base_64": STANDARD.encode(bytes), "commit": commit,
            "sample_rate": RATE});
        Message::text(chunk.to_string())
    }

    fn commit(&mut self) -> Message {
        self.open = false;
        self.committed += 1;
        Self::chunk(&[], true)
    }

    /// One commit is answered, with these words.
    fn answer(&mut self, words: Option<&str>) -> Vec<News> {
        self.answered += 1;
        let mut news = Vec::new();
        if self.answered > self.before {
            news.extend(words.map(|words| News::Final(words.trim().into())));
        }
        if self.answered == self.committed && self.answered > self.before {
            news.push(News::Finalized);
        }
        news
    }
}

impl Talk for Commits {
    fn begin(&mut self) -> Option<Message> {
        let message = self.open.then(|| self.commit());
        self.before = self.committed;
        message
    }

    fn sound(&mut self, samples: &[i16]) -> Message {
        self.open = true;
        Self::chunk(samples, false)
    }

    fn finalize(&mut self) -> Message {
        self.commit()
    }

    fn read(&mut self, event: &Value) -> Vec<News> {
        match event["message_type"].as_str().unwrap_or_default() {
            "committed_transcript" => self.answer(event["text"].as_str()),
            // There was too little sound in it for words.
            "commit_throttled" | "insufficient_audio_activity" => self.answer(None),
            // Of the turn before, until its commit is answered.
            "partial_transcript" if self.answered >= self.before => {
                let words = event["text"].as_str().unwrap_or_default().trim();
                vec![News::Interim(words.into())]
            }
            "partial_transcript" | "session_started" | "committed_transcript_with_timestamps" => Vec::new(),
            kind if event["error"].is_string() => {
                let error = json!({"error": {"code": kind, "message": event["error"]}});
                vec![News::Refused {
                    status: status(kind),
                    error,
                }]
            }
            _ => Vec::new(),
        }
    }
}

/// The status that HTTP has for an error.
fn status(kind: &str) -> u16 {
    match kind {
        "auth_error" => 401,
        "quota_exceeded" => 402,
        "rate_limited" => 429,
        "unaccepted_terms" | "invalid_request" | "input_error" | "chunk_size_exceeded" => 400,
        _ => 500,
    }
}
