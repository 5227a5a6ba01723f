//! One session's state: what the client sends goes in, what the server says to it comes out.

use super::{Script, events};
use crate::provider::{
    Answer, Edge, FLOOD, Fault, Hearing, Out, Received, Talk, ToolUse, pieces, samples_of, tone,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Quiet after which the model answers.
const SILENCE_MS: u64 = 400;

/// The silence that the model sends when it has said something.
const AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Conversation {
    script: Arc<Script>,
    /// The session as it was resolved; null until it is started.
    session: Value,
    hz: u32,
    hearing: Hearing,
    /// True while something is being said that waits to be spoken into.
    held: bool,
    /// Tools that were called and have no result yet.
    tools: BTreeSet<String>,
    /// The milliseconds of what was heard or said.
    clock_ms: u64,
    turns: usize,
    answers: usize,
    numbers: u64,
    outs: Vec<Out>,
}

impl Conversation {
    pub(super) fn new(script: Arc<Script>) -> Self {
        Self {
            script,
            session: Value::Null,
            hz: 24_000,
            hearing: Hearing::new(24_000),
            held: false,
            tools: BTreeSet::new(),
            clock_ms: 0,
            turns: 0,
            answers: 0,
            numbers: 0,
            outs: Vec::new(),
        }
    }

    fn event(&mut self, event: &Value) {
        match event["type"].as_str().unwrap_or_default() {
            "session.start" => self.start(&event["session"]),
            _ if self.session.is_null() => {
                self.say(events::error(
                    "session_not_started",
                    "Send session.start first.",
                    None,
                ));
            }
            "session.input_audio.append" => self.hear(event),
            "session.instructions.append" => self.answer(),
            "response.item.create" => self.tool_result(&event["item"]),
            "response.create" if self.tools.is_empty() => self.answer(),
            "session.close" => {
                let closed = events::closed("close_requested", &self.session, self.seconds());
                self.say(closed);
                self.outs.push(Out::Close(1000, String::new()));
            }
            kind => {
                let message = format!("Invalid value: '{kind}'.");
                self.say(events::error("invalid_value", &message, Some("type")));
            }
        }
    }

    fn start(&mut self, wanted: &Value) {
        let format = &wanted["audio"]["format"];
        let hz = format["rate"].as_u64().and_then(|hz| u32::try_from(hz).ok());
        let rate_is_known = format["type"] == "audio/pcm" && matches!(hz, Some(16_000 | 24_000));
        if wanted["model"] != self.script.model.as_str() {
            return self.say(events::error(
                "model_not_found",
                "There is no such model.",
                Some("session.model"),
            ));
        }
        if !rate_is_known || self.script.fault == Some(Fault::WrongFormat) {
            let message = "Unsupported audio format.";
            return self.say(events::error(
                "invalid_value",
                message,
                Some("session.audio.format"),
            ));
        }
        self.hz = hz.unwrap_or(24_000);
        self.hearing = Hearing::new(self.hz);
        self.session = events::session(wanted, self.script.longest.as_secs());
        self.say(events::started(&self.session.clone()));
        if self.script.fault == Some(Fault::Stall) {
            self.outs.push(Out::Stall);
        }
    }

    fn hear(&mut self, event: &Value) {
        let bytes = event["audio"]
            .as_str()
            .and_then(|audio| STANDARD.decode(audio).ok());
        let Some(bytes) = bytes else {
            return self.say(events::error("invalid_value", "Invalid 'audio'.", Some("audio")));
        };
        let samples = samples_of(&bytes);
        self.pass(samples.len());
        for edge in self.hearing.hear(&samples, SILENCE_MS) {
            match edge {
                Edge::Started(_) => {
                    if std::mem::take(&mut self.held) {
                        self.fall_silent();
                    }
                }
                Edge::Stopped(_) => self.turn(),
            }
        }
    }

    fn turn(&mut self) {
        let heard = &self.script.heard;
        let words = heard
            .get(self.turns)
            .or(heard.last())
            .cloned()
            .unwrap_or_default();
        self.turns += 1;
        for word in words.split_inclusive(' ') {
            self.say(events::transcript("input", word, self.clock_ms, self.clock_ms));
        }
        self.answer();
    }

    /// Gives the next answer of the script.
    fn answer(&mut self) {
        if self.script.fault == Some(Fault::Malformed) {
            return self
                .outs
                .push(Out::Raw("{\"type\":\"session.output_audio.delta\",".into()));
        }
        let scripted = self.script.answers.get(self.answers).cloned();
        let answer = scripted.unwrap_or_else(|| Answer::tone("Sim.", Duration::from_millis(500)));
        self.answers += 1;
        self.speak(&answer);
        if !answer.tools.is_empty() {
            self.delegate(&answer.tools);
        }
        self.say(events::usage(self.seconds()));
    }

    fn speak(&mut self, answer: &Answer) {
        if answer.text.is_empty() {
            return;
        }
        let pcm = match self.script.fault {
            Some(Fault::Flood) => tone(FLOOD, self.hz),
            _ => answer.pcm(self.hz),
        };
        let mut words = answer.text.split_inclusive(' ');
        for piece in pieces(&pcm, self.hz) {
            let began = self.clock_ms;
            self.pass(piece.len() / 2);
            if let Some(word) = words.next() {
                self.say(events::transcript("output", word, began, self.clock_ms));
            }
            self.say(events::audio(&STANDARD.encode(&piece)));
            match self.script.fault {
                Some(Fault::CloseMidAnswer(code)) => {
                    return self.outs.push(Out::Close(code, "scripted".into()));
                }
                Some(Fault::BreakMidAnswer) => return self.outs.push(Out::Break),
                _ => {}
            }
        }
        let rest: String = words.collect();
        if !rest.is_empty() {
            self.say(events::transcript("output", &rest, self.clock_ms, self.clock_ms));
        }
        self.held = answer.held;
        if !answer.held {
            self.fall_silent();
        }
    }

    fn fall_silent(&mut self) {
        let silence = vec![0; (AFTER.as_secs_f64() * f64::from(self.hz)) as usize];
        self.pass(silence.len());
        for piece in pieces(&silence, self.hz) {
            self.say(events::audio(&STANDARD.encode(&piece)));
        }
    }

    fn delegate(&mut self, tools: &[ToolUse]) {
        let id = self.number("delegation");
        self.say(events::delegation(&id, self.clock_ms));
        for tool in tools {
            let call = self.number("call");
            let event = events::function_call(&call, &tool.name, &tool.arguments);
            self.say(events::response(&id, &event));
            self.tools.insert(call);
        }
        self.say(events::response(&id, &events::completed()));
    }

    fn tool_result(&mut self, item: &Value) {
        let call = item["call_id"].as_str().unwrap_or_default();
        let is_output = item["type"] == "function_call_output" && item["output"].is_string();
        if !is_output || !self.tools.remove(call) {
            let message = "No tool call found for function call output.";
            self.say(events::error("invalid_value", message, Some("item")));
        }
    }

    fn pass(&mut self, samples: usize) {
        self.clock_ms += samples as u64 * 1_000 / u64::from(self.hz);
    }

    fn seconds(&self) -> f64 {
        self.clock_ms as f64 / 1_000.0
    }

    fn number(&mut self, what: &str) -> String {
        self.numbers += 1;
        format!("{what}_{:04}", self.numbers)
    }

    /// Audio alone has no id.
    fn say(&mut self, mut event: Value) {
        if event["type"] != "session.output_audio.delta" {
            event["event_id"] = self.number("event").into();
        }
        self.outs.push(Out::Event(event));
    }

    fn take(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.outs)
    }
}

impl Talk for Conversation {
    fn begin(&mut self) -> Vec<Out> {
        match self.script.fault.clone() {
            Some(Fault::Hang) => vec![Out::Stall],
            Some(Fault::CloseAtOnce { code, reason }) => vec![Out::Close(code, reason)],
            _ => Vec::new(),
        }
    }

    fn receive(&mut self, received: Received<'_>) -> Vec<Out> {
        match received {
            Received::Event(event) => self.event(event),
            Received::NoJson | Received::Binary(_) => {
                self.say(events::error("invalid_json", "The event is no JSON.", None));
            }
        }
        self.take()
    }
}
