//! One connection's state: what the client sends goes in, what the server says to it comes out.

use super::memory::{Memory, Progress};
use super::script::{Resumption, Script};
use super::wire;
use crate::provider::{
    Answer, Edge, FLOOD, Fault, Hearing, Out, Received, Talk, ToolUse, pieces, samples_of, tone,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The close code for what the server cannot make sense of, keys among it.
const INVALID: u16 = 1007;
/// The close code for what the server does not have.
const POLICY: u16 = 1008;

const BAD_REQUEST: &str = "Request contains an invalid argument.";

/// Quiet that ends a turn, if the setup does not say.
const SILENCE_MS: u64 = 500;

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Opening,
    /// The setup wants to begin with what was said before.
    Remembering,
    Talking,
}

#[derive(Debug)]
pub(super) struct Conversation {
    script: Arc<Script>,
    memory: Arc<Memory>,
    key: String,
    stage: Stage,
    setup: Value,
    hearing: Option<(u32, Hearing)>,
    progress: Progress,
    /// Answers on this connection.
    given: usize,
    /// An answer waits to be interrupted.
    held: bool,
    /// Tools that were called and have no response yet.
    tools: BTreeSet<String>,
    /// Tools whose responses nobody wants any more.
    cancelled: BTreeSet<String>,
    outs: Vec<Out>,
}

impl Conversation {
    pub(super) fn new(script: Arc<Script>, memory: Arc<Memory>, key: String) -> Self {
        Self {
            script,
            memory,
            key,
            stage: Stage::Opening,
            setup: Value::Null,
            hearing: None,
            progress: Progress::default(),
            given: 0,
            held: false,
            tools: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            outs: Vec::new(),
        }
    }

    fn event(&mut self, event: &Value) {
        let Some((name, content)) = event.as_object().and_then(|message| message.iter().next()) else {
            return self.close(INVALID, "Invalid JSON payload received.");
        };
        match (name.as_str(), self.stage) {
            ("setup", Stage::Opening) => self.set_up(content),
            ("clientContent", Stage::Remembering) => self.remember(content),
            ("clientContent", Stage::Talking) => self.told(content),
            ("realtimeInput", Stage::Talking) => self.input(content),
            ("toolResponse", Stage::Talking) => self.tool_response(content),
            // What is heard before the history is complete waits in the real one; here it is lost.
            ("realtimeInput", Stage::Remembering) => {}
            ("setup" | "clientContent" | "realtimeInput" | "toolResponse", _) => {
                self.close(INVALID, "setup must be the first message and only the first");
            }
            (unknown, _) => {
                let reason =
                    format!("Invalid JSON payload received. Unknown name \"{unknown}\": Cannot find field.");
                self.close(INVALID, &reason);
            }
        }
    }

    fn set_up(&mut self, setup: &Value) {
        if self.key != self.script.key {
            return self.close(INVALID, "API key not valid. Please pass a valid API key.");
        }
        let model = setup["model"].as_str().unwrap_or_default();
        if model != format!("models/{}", self.script.model) {
            let reason = format!(
                "{model} is not found for API version v1beta, or is not supported for bidiGenerateContent."
            );
            return self.close(POLICY, &reason);
        }
        if let Some(handle) = setup["sessionResumption"]["handle"].as_str() {
            let known = self.memory.recall(handle);
            match known.filter(|_| self.script.resumption == Resumption::Works) {
                Some(progress) => self.progress = progress,
                None => return self.close(INVALID, BAD_REQUEST),
            }
        }
        self.setup = setup.clone();
        let remembers = setup["historyConfig"]["initialHistoryInClientContent"] == true;
        self.stage = if remembers {
            Stage::Remembering
        } else {
            Stage::Talking
        };
        self.say(json!({ "setupComplete": {} }));
        if self.script.fault == Some(Fault::Stall) {
            return self.outs.push(Out::Stall);
        }
        self.give_handle();
    }

    fn remember(&mut self, content: &Value) {
        let spoken = content["turns"].as_array().is_some_and(|turns| {
            let role = |turn: &Value| turn["role"] == "user" || turn["role"] == "model";
            turns
                .iter()
                .all(|turn| role(turn) && turn["parts"][0]["text"].is_string())
        });
        if !spoken {
            return self.close(INVALID, BAD_REQUEST);
        }
        if content["turnComplete"] == true {
            self.stage = Stage::Talking;
        }
    }

    fn told(&mut self, content: &Value) {
        if content["turnComplete"] == true {
            self.interrupt();
            self.answer();
        }
    }

    fn input(&mut self, input: &Value) {
        if input["text"].is_string() {
            self.interrupt();
            return self.answer();
        }
        if input["audioStreamEnd"] == true {
            return;
        }
        let rate = input["audio"]["mimeType"]
            .as_str()
            .and_then(|kind| kind.strip_prefix("audio/pcm;rate="))
            .and_then(|rate| rate.parse().ok());
        let bytes = input["audio"]["data"]
            .as_str()
            .and_then(|data| STANDARD.decode(data).ok());
        let (Some(hz), Some(bytes)) = (rate, bytes) else {
            return self.close(INVALID, BAD_REQUEST);
        };
        self.hear(hz, &samples_of(&bytes));
    }

    fn hear(&mut self, hz: u32, samples: &[i16]) {
        let silence = &self.setup["realtimeInputConfig"]["automaticActivityDetection"]["silenceDurationMs"];
        let silence_ms = silence.as_u64().unwrap_or(SILENCE_MS);
        if self.hearing.as_ref().is_none_or(|(heard, _)| *heard != hz) {
            self.hearing = Some((hz, Hearing::new(hz)));
        }
        let Some((_, hearing)) = &mut self.hearing else {
            return;
        };
        for edge in hearing.hear(samples, silence_ms) {
            match edge {
                Edge::Started(_) => self.interrupt(),
                Edge::Stopped(_) => self.turn(),
            }
        }
    }

    /// The server hears that the caller speaks into what it says or does.
    fn interrupt(&mut self) {
        let cancelled = std::mem::take(&mut self.tools);
        if !cancelled.is_empty() {
            self.say(json!({ "toolCallCancellation": { "ids": cancelled } }));
            self.cancelled.extend(cancelled);
            self.turn_complete();
        }
        if std::mem::take(&mut self.held) {
            self.say(wire::content(json!({ "interrupted": true })));
            self.turn_complete();
        }
    }

    fn turn(&mut self) {
        let heard = &self.script.heard;
        let words = heard
            .get(self.progress.turns)
            .or(heard.last())
            .cloned()
            .unwrap_or_default();
        self.progress.turns += 1;
        if self.setup["inputAudioTranscription"].is_object() {
            for word in words.split_inclusive(' ') {
                self.say(wire::content(json!({ "inputTranscription": { "text": word } })));
            }
        }
        self.answer();
    }

    /// Gives the next answer of the script.
    fn answer(&mut self) {
        if self.script.fault == Some(Fault::Malformed) {
            return self.outs.push(Out::Raw("{\"serverContent\":{".into()));
        }
        let scripted = self.script.answers.get(self.progress.answers).cloned();
        let answer = scripted.unwrap_or_else(|| Answer::tone("Sim.", Duration::from_millis(500)));
        self.progress.answers += 1;
        self.given += 1;
        if !self.speak(&answer) {
            return;
        }
        if !answer.tools.is_empty() {
            return self.call(&answer.tools);
        }
        if answer.held {
            self.held = true;
            return;
        }
        self.say(wire::content(json!({ "generationComplete": true })));
        self.turn_complete();
    }

    /// False if the connection ends meanwhile.
    fn speak(&mut self, answer: &Answer) -> bool {
        if answer.text.is_empty() {
            return true;
        }
        let (pcm, hz) = match self.script.fault {
            Some(Fault::Flood) => (tone(FLOOD, wire::HZ), wire::HZ),
            Some(Fault::WrongFormat) => (answer.pcm(16_000), 16_000),
            _ => (answer.pcm(wire::HZ), wire::HZ),
        };
        self.say(wire::thought());
        let mut words = answer.text.split_inclusive(' ');
        for piece in pieces(&pcm, hz) {
            if let Some(word) = words.next() {
                self.transcribe(word);
            }
            self.say(wire::audio(piece, hz));
            match self.script.fault {
                Some(Fault::CloseMidAnswer(code)) => {
                    self.close(code, "Internal error encountered.");
                    return false;
                }
                Some(Fault::BreakMidAnswer) => {
                    self.outs.push(Out::Break);
                    return false;
                }
                _ => {}
            }
        }
        let rest: String = words.collect();
        if !rest.is_empty() {
            self.transcribe(&rest);
        }
        true
    }

    fn transcribe(&mut self, words: &str) {
        if self.setup["outputAudioTranscription"].is_object() {
            self.say(wire::content(json!({ "outputTranscription": { "text": words } })));
        }
    }

    /// Calls tools. The turn goes on when all have their responses.
    fn call(&mut self, tools: &[ToolUse]) {
        let calls: Vec<Value> = tools
            .iter()
            .map(|tool| {
                let id = format!("function-call-{}", uuid::Uuid::new_v4().simple());
                self.tools.insert(id.clone());
                json!({ "id": id, "name": tool.name, "args": tool.arguments })
            })
            .collect();
        self.say(json!({ "toolCall": { "functionCalls": calls } }));
        if self.setup["sessionResumption"].is_object() {
            self.say(json!({ "sessionResumptionUpdate": { "resumable": false } }));
        }
    }

    fn tool_response(&mut self, content: &Value) {
        let Some(responses) = content["functionResponses"].as_array() else {
            return self.close(INVALID, BAD_REQUEST);
        };
        for response in responses {
            let id = response["id"].as_str().unwrap_or_default();
            if self.cancelled.remove(id) {
                return;
            }
            let is_whole = response["name"].is_string() && response["response"].is_object();
            if !self.tools.remove(id) || !is_whole {
                return self.close(INVALID, BAD_REQUEST);
            }
        }
        if self.tools.is_empty() {
            self.answer();
        }
    }

    fn turn_complete(&mut self) {
        self.say(wire::turn_complete());
        self.give_handle();
        if let Some(leaving) = self.script.leaves.filter(|leaving| leaving.answers == self.given) {
            let left = format!(
                "{}.{:03}s",
                leaving.time_left.as_secs(),
                leaving.time_left.subsec_millis()
            );
            self.say(json!({ "goAway": { "timeLeft": left } }));
        }
    }

    fn give_handle(&mut self) {
        if !self.setup["sessionResumption"].is_object() {
            return;
        }
        let handle = self.memory.remember(self.progress);
        self.say(json!({ "sessionResumptionUpdate": { "newHandle": handle, "resumable": true } }));
    }

    fn say(&mut self, message: Value) {
        self.outs.push(Out::Packed(message));
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.outs.push(Out::Close(code, reason.into()));
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
            Received::Event(event) => self.event(&wire::with_documented_names(event)),
            Received::NoJson | Received::Binary(_) => self.close(INVALID, "Invalid JSON payload received."),
        }
        std::mem::take(&mut self.outs)
    }
}
