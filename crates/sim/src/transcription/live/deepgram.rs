//! Deepgram's side of a connection: sound is binary, results carry their place in it.

use super::{Heard, Script, Trouble};
use crate::provider::{Out, Received, Talk, samples_of};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Listening(Heard);

impl Listening {
    pub(super) fn new(script: Arc<Script>, trouble: Option<Trouble>) -> Self {
        Self(Heard::new(script, trouble))
    }

    fn results(&mut self, start: usize, words: &str, how: How) -> Vec<Out> {
        let seconds = |samples: usize| samples as f64 / 16_000.0;
        let end = self.0.samples.len();
        let model = json!({"name": "sim", "version": "1", "arch": "sim"});
        let results = json!({"type": "Results", "channel_index": [0, 1], "start": seconds(start), "duration": seconds(end - start),
            "is_final": how != How::SoFar, "speech_final": false, "from_finalize": how == How::Finalized,
            "channel": {"alternatives": [{"transcript": words, "confidence": 0.9, "words": []}]},
            "metadata": {"request_id": "1", "model_info": model, "model_uuid": "1"}});
        self.0.told(results)
    }

    /// Nothing is said of no sound: "a response is not guaranteed".
    fn finalize(&mut self) -> Vec<Out> {
        let start = self.0.told;
        if start == self.0.samples.len() {
            return Vec::new();
        }
        let words = self.0.finish();
        self.results(start, &words, How::Finalized)
    }

    fn metadata(&self) -> Value {
        json!({"type": "Metadata", "transaction_key": "deprecated", "request_id": "1", "sha256": "0", "created": "2026-01-01T00:00:00Z",
            "duration": self.0.samples.len() as f64 / 16_000.0, "channels": 1})
    }
}

/// How words are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    SoFar,
    Finalized,
}

impl Talk for Listening {
    fn begin(&mut self) -> Vec<Out> {
        Vec::new()
    }

    fn receive(&mut self, received: Received<'_>) -> Vec<Out> {
        match received {
            Received::Binary(bytes) => {
                self.0.add(&samples_of(bytes));
                let start = self.0.told;
                match self.0.partial() {
                    Some(words) => self.results(start, &words, How::SoFar),
                    None => Vec::new(),
                }
            }
            Received::Event(event) => match event["type"].as_str() {
                Some("Finalize") => self.finalize(),
                Some("KeepAlive") => Vec::new(),
                Some("CloseStream") => vec![Out::Event(self.metadata()), Out::Close(1000, String::new())],
                _ => error(),
            },
            Received::NoJson => error(),
        }
    }

    fn impatient(&mut self) -> Vec<Out> {
        let reason =
            "NET-0001: Deepgram did not receive audio data or a text message within the timeout window.";
        vec![Out::Close(1011, reason.into())]
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.0.script.patience)
    }
}

fn error() -> Vec<Out> {
    vec![Out::Event(
        json!({"type": "Error", "variant": "SchemaError", "description": "Could not parse the message."}),
    )]
}
