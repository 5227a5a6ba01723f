//! Scribe's side of a connection: sound is base64 in JSON, and words are final when they are committed.

use super::{Heard, Script, Trouble};
use crate::provider::{Out, Received, Talk, samples_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

/// Less than this cannot be committed: 300 ms.
const LEAST: usize = 4_800;

#[derive(Debug)]
pub(super) struct Transcribing(Heard);

impl Transcribing {
    pub(super) fn new(script: Arc<Script>, trouble: Option<Trouble>) -> Self {
        Self(Heard::new(script, trouble))
    }

    fn chunk(&mut self, event: &Value) -> Vec<Out> {
        let sound = event["audio_base_64"]
            .as_str()
            .and_then(|sound| STANDARD.decode(sound).ok());
        let (Some(sound), Some(commit)) = (sound, event["commit"].as_bool()) else {
            return error("input_error", "audio_base_64 and commit are required");
        };
        self.0.add(&samples_of(&sound));
        if commit {
            return self.commit();
        }
        match self.0.partial() {
            Some(text) => self
                .0
                .told(json!({"message_type": "partial_transcript", "text": text})),
            None => Vec::new(),
        }
    }

    fn commit(&mut self) -> Vec<Out> {
        if self.0.samples.len() - self.0.told < LEAST {
            return error(
                "commit_throttled",
                "Commit request ignored: less than 0.3s of uncommitted audio.",
            );
        }
        let text = self.0.finish();
        self.0
            .told(json!({"message_type": "committed_transcript", "text": text}))
    }
}

impl Talk for Transcribing {
    fn begin(&mut self) -> Vec<Out> {
        let config = json!({"sample_rate": 16000, "audio_format": "pcm_16000", "commit_strategy": "manual", "model_id": "sim"});
        match self.0.trouble {
            Some(Trouble::Silent) => Vec::new(),
            _ => vec![Out::Event(
                json!({"message_type": "session_started", "session_id": "1", "config": config}),
            )],
        }
    }

    fn receive(&mut self, received: Received<'_>) -> Vec<Out> {
        match received {
            Received::Event(event) if event["message_type"] == "input_audio_chunk" => self.chunk(event),
            _ => error("input_error", "this is no input_audio_chunk"),
        }
    }
}

fn error(kind: &str, error: &str) -> Vec<Out> {
    vec![Out::Event(json!({"message_type": kind, "error": error}))]
}
