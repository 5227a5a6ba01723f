//! One session's state: what the client sends goes in, what the server says to it comes out.

use super::dialect::CONVERSATION;
use super::events;
use super::script::{Dialect, Fault, Moment, Script};
use crate::provider::{Edge, Hearing, Out, Received, Talk, samples_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

mod answering;

/// What is known of an item of the conversation: how much audio it has, if it is one of the server's own.
#[derive(Debug)]
struct Item {
    spoken_ms: Option<u64>,
}

/// A response under way that waits to be cancelled.
#[derive(Debug)]
struct Held {
    response: String,
    item: Value,
}

#[derive(Debug)]
pub(super) struct Conversation {
    script: Arc<Script>,
    session: Value,
    hearing: Hearing,
    /// The item that the present speech will be.
    speech: Option<String>,
    items: BTreeMap<String, Item>,
    last_item: Option<String>,
    held: Option<Held>,
    turns: usize,
    answers: usize,
    numbers: u64,
    outs: Vec<Out>,
}

impl Conversation {
    pub(super) fn new(script: Arc<Script>) -> Self {
        let session = script.dialect.session(&script.model);
        Self {
            script,
            session,
            hearing: Hearing::new(24_000),
            speech: None,
            items: BTreeMap::new(),
            last_item: None,
            held: None,
            turns: 0,
            answers: 0,
            numbers: 0,
            outs: Vec::new(),
        }
    }

    fn event(&mut self, event: &Value) {
        let text = |key: &str| event[key].as_str().unwrap_or_default();
        let takes_back = self.script.dialect.takes_back();
        match text("type") {
            "session.update" => self.update(event),
            "input_audio_buffer.append" => self.append(event),
            "conversation.item.create" => self.create(event),
            "conversation.item.delete" if takes_back => self.delete(event, text("item_id")),
            "conversation.item.truncate" if takes_back => self.truncate(event),
            "response.create" => self.respond(event),
            "response.cancel" => self.cancel(event),
            kind => self.refuse(
                event,
                "invalid_value",
                &format!("Invalid value: '{kind}'."),
                Some("type"),
            ),
        }
    }

    fn take(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.outs)
    }

    fn say(&mut self, mut event: Value) {
        event["event_id"] = self.number("event").into();
        self.outs
            .extend(self.script.dialect.worded(event).map(Out::Event));
    }

    fn number(&mut self, what: &str) -> String {
        self.numbers += 1;
        format!("{what}_{:04}", self.numbers)
    }

    fn refuse(&mut self, event: &Value, code: &str, message: &str, param: Option<&str>) {
        let event_id = event["event_id"].as_str();
        self.say(events::error(
            "invalid_request_error",
            code,
            message,
            param,
            event_id,
        ));
    }

    fn fault_at(&self, moment: Moment) -> Option<(String, String)> {
        match &self.script.fault {
            Some(Fault::Error { at, kind, code }) if *at == moment => Some((kind.clone(), code.clone())),
            _ => None,
        }
    }

    fn update(&mut self, event: &Value) {
        let dialect = self.script.dialect;
        if let Some(setting) = dialect.misplaced(&event["session"]) {
            let message = format!("Missing required parameter: '{setting}'.");
            self.refuse(event, "missing_required_parameter", &message, Some(setting));
            return;
        }
        if let Some((kind, code)) = self.fault_at(Moment::Configuration) {
            let voice = Some("session.audio.output.voice");
            self.say(events::error(
                &kind,
                &code,
                "scripted",
                voice,
                event["event_id"].as_str(),
            ));
            return;
        }
        events::lay_over(&mut self.session, &event["session"]);
        self.hearing = Hearing::new(dialect.rates(&self.session).0);
        self.say(json!({ "type": "session.updated", "session": self.session }));
        if self.script.fault == Some(Fault::Stall) {
            self.outs.push(Out::Stall);
        }
    }

    fn append(&mut self, event: &Value) {
        let Some(bytes) = event["audio"]
            .as_str()
            .and_then(|audio| STANDARD.decode(audio).ok())
        else {
            self.refuse(
                event,
                "invalid_value",
                "Invalid 'audio'. Expected base64-encoded audio bytes.",
                Some("audio"),
            );
            return;
        };
        let samples = samples_of(&bytes);
        let detection = self.detection();
        if detection.is_null() {
            return;
        }
        let silence_ms = detection["silence_duration_ms"].as_u64().unwrap_or(500);
        for edge in self.hearing.hear(&samples, silence_ms) {
            match edge {
                Edge::Started(at) => self.speech_started(at),
                Edge::Stopped(at) => self.speech_stopped(at),
            }
        }
    }

    fn detection(&self) -> &Value {
        self.script.dialect.detection(&self.session)
    }

    fn speech_started(&mut self, at: u64) {
        let item = self.number("item");
        self.say(
            json!({ "type": "input_audio_buffer.speech_started", "audio_start_ms": at, "item_id": item }),
        );
        self.speech = Some(item);
        if self.detection()["interrupt_response"] != false {
            self.end_held("turn_detected");
        }
    }

    fn speech_stopped(&mut self, at: u64) {
        let Some(item) = self.speech.take() else {
            return;
        };
        self.say(json!({ "type": "input_audio_buffer.speech_stopped", "audio_end_ms": at, "item_id": item }));
        let before = self.last_item.clone();
        self.say(
            json!({ "type": "input_audio_buffer.committed", "item_id": item, "previous_item_id": before }),
        );
        self.add(&item, None, &events::user_audio(&item, None));
        self.transcribe(&item);
        if self.detection()["create_response"] != false {
            self.answer();
        }
    }

    fn transcribe(&mut self, item: &str) {
        let heard = self
            .script
            .heard
            .get(self.turns)
            .or(self.script.heard.last())
            .cloned()
            .unwrap_or_default();
        self.turns += 1;
        if self.script.dialect.transcription(&self.session).is_null() {
            return;
        }
        let kind = "conversation.item.input_audio_transcription";
        for word in heard.split_inclusive(' ') {
            self.say(json!({ "type": format!("{kind}.delta"), "item_id": item, "content_index": 0, "delta": word }));
        }
        let usage = json!({ "type": "tokens", "input_tokens": 10, "output_tokens": 5, "total_tokens": 15 });
        self.say(json!({
            "type": format!("{kind}.completed"), "item_id": item, "content_index": 0, "transcript": heard, "usage": usage,
        }));
    }

    /// Adds a finished item at the end of the conversation.
    fn add(&mut self, id: &str, spoken_ms: Option<u64>, item: &Value) {
        self.added(id, item);
        self.done(id, spoken_ms, item);
    }

    fn added(&mut self, id: &str, item: &Value) {
        let before = self.last_item.replace(id.to_owned());
        self.say(json!({ "type": "conversation.item.added", "previous_item_id": before, "item": item }));
    }

    fn done(&mut self, id: &str, spoken_ms: Option<u64>, item: &Value) {
        self.items.insert(id.to_owned(), Item { spoken_ms });
        self.say(json!({ "type": "conversation.item.done", "item": item }));
    }

    fn create(&mut self, event: &Value) {
        let mut item = event["item"].clone();
        if !item.is_object() {
            self.refuse(
                event,
                "missing_required_parameter",
                "Missing required parameter: 'item'.",
                Some("item"),
            );
            return;
        }
        let id = item["id"]
            .as_str()
            .map_or_else(|| self.number("item"), Into::into);
        item["id"] = id.as_str().into();
        item["object"] = "realtime.item".into();
        item["status"] = "completed".into();
        self.add(&id, None, &item);
    }

    fn delete(&mut self, event: &Value, id: &str) {
        if self.items.remove(id).is_none() {
            let message = format!("Error deleting item: the item with id '{id}' does not exist.");
            self.refuse(event, "item_delete_invalid_item_id", &message, None);
            return;
        }
        if self.last_item.as_deref() == Some(id) {
            self.last_item = None;
        }
        self.say(json!({ "type": "conversation.item.deleted", "item_id": id }));
    }

    /// More than the item's real length is an error, as with the real API.
    fn truncate(&mut self, event: &Value) {
        let id = event["item_id"].as_str().unwrap_or_default();
        let (index, end) = (event["content_index"].as_u64(), event["audio_end_ms"].as_u64());
        let (Some(item), Some(0), Some(end)) = (self.items.get_mut(id), index, end) else {
            let message = format!("Error truncating item: the item with id '{id}' does not exist.");
            self.refuse(event, "item_truncate_invalid_item_id", &message, None);
            return;
        };
        let Some(spoken) = item.spoken_ms.filter(|spoken| end <= *spoken) else {
            let has = item.spoken_ms.unwrap_or_default();
            let message = format!("Audio content of {has}ms is already shorter than {end}ms");
            self.refuse(event, "invalid_value", &message, None);
            return;
        };
        item.spoken_ms = Some(end.min(spoken));
        self.say(json!({ "type": "conversation.item.truncated", "item_id": id, "content_index": 0, "audio_end_ms": end }));
    }
}

impl Talk for Conversation {
    fn begin(&mut self) -> Vec<Out> {
        if self.script.fault == Some(Fault::Hang) {
            return vec![Out::Stall];
        }
        if let Some((kind, code)) = self.fault_at(Moment::Greeting) {
            self.say(events::error(&kind, &code, "scripted", None, None));
            self.outs.push(Out::Close(3000, String::new()));
            return self.take();
        }
        if self.script.dialect == Dialect::Xai {
            let conversation = json!({ "id": CONVERSATION, "object": "realtime.conversation" });
            self.say(json!({ "type": "conversation.created", "conversation": conversation }));
        }
        self.say(json!({ "type": "session.created", "session": self.session }));
        self.take()
    }

    fn receive(&mut self, received: Received<'_>) -> Vec<Out> {
        match received {
            Received::Event(event) => self.event(event),
            Received::NoJson | Received::Binary(_) => {
                self.refuse(&Value::Null, "invalid_json", "The event is no JSON.", None);
            }
        }
        self.take()
    }
}
