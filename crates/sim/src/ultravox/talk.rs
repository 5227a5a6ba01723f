//! One call's state: what the client sends goes in, what the agent says to it comes out.

use super::events;
use super::script::Script;
use crate::provider::{
    Answer, Edge, FLOOD, Fault, Hearing, Out, Received, Talk, ToolUse, pieces, samples_of, tone,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Quiet that ends a turn of the caller's.
const SILENCE_MS: u64 = 400;

/// The rates of a call's audio.
#[derive(Debug, Clone, Copy)]
pub(super) struct Medium {
    pub(super) input_hz: u32,
    pub(super) output_hz: u32,
}

/// What is being said and waits to be interrupted.
#[derive(Debug)]
struct Held {
    text: String,
    ordinal: u64,
}

#[derive(Debug)]
pub(super) struct Conversation {
    script: Arc<Script>,
    id: String,
    medium: Medium,
    hearing: Hearing,
    held: Option<Held>,
    /// Tools that were called and have no result yet.
    tools: BTreeSet<String>,
    /// Utterances of both sides.
    utterances: u64,
    turns: usize,
    answers: usize,
    outs: Vec<Out>,
}

impl Conversation {
    pub(super) fn new(script: Arc<Script>, id: String, medium: Medium) -> Self {
        Self {
            script,
            id,
            medium,
            hearing: Hearing::new(medium.input_hz),
            held: None,
            tools: BTreeSet::new(),
            utterances: 0,
            turns: 0,
            answers: 0,
            outs: Vec::new(),
        }
    }

    fn event(&mut self, event: &Value) {
        match event["type"].as_str().unwrap_or_default() {
            "ping" => self.say(json!({ "type": "pong", "timestamp": event["timestamp"] })),
            "user_text_message" => self.text_message(event),
            "forced_agent_message" => {
                let content = event["content"].as_str().unwrap_or_default();
                self.speak(&Answer::tone(content, Duration::from_millis(400)));
            }
            "client_tool_result" => self.tool_result(event),
            "hang_up" => self.outs.push(Out::Close(1000, String::new())),
            kind => {
                let reason = format!("Unknown message type {kind}");
                self.outs.push(Out::Close(1003, reason));
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        for edge in self.hearing.hear(&samples_of(bytes), SILENCE_MS) {
            match edge {
                Edge::Started(_) => self.interrupt(),
                Edge::Stopped(_) => self.turn(),
            }
        }
    }

    /// The agent hears that the caller speaks into what it says.
    fn interrupt(&mut self) {
        let Some(held) = self.held.take() else { return };
        self.say(events::playback_clear_buffer());
        let first_words: Vec<&str> = held.text.split(' ').take(2).collect();
        self.say(events::text("agent", &first_words.join(" "), held.ordinal, true));
        self.say(events::state("listening"));
    }

    fn turn(&mut self) {
        let heard = &self.script.heard;
        let words = heard
            .get(self.turns)
            .or(heard.last())
            .cloned()
            .unwrap_or_default();
        self.turns += 1;
        let ordinal = self.ordinal();
        self.say(events::text("user", &words, ordinal, true));
        self.answer();
    }

    fn text_message(&mut self, event: &Value) {
        if event["text"].as_str().is_none_or(str::is_empty) {
            return self
                .outs
                .push(Out::Close(1003, "user_text_message without text".into()));
        }
        if event["urgency"] != "later" {
            self.answer();
        }
    }

    /// Gives the next answer of the script.
    fn answer(&mut self) {
        if self.script.fault == Some(Fault::Malformed) {
            return self.outs.push(Out::Raw("{\"type\":\"state\",".into()));
        }
        let scripted = self.script.answers.get(self.answers).cloned();
        let answer = scripted.unwrap_or_else(|| Answer::tone("Sim.", Duration::from_millis(500)));
        self.answers += 1;
        self.say(events::state("thinking"));
        self.speak(&answer);
        for tool in &answer.tools {
            self.call(tool);
        }
    }

    fn speak(&mut self, answer: &Answer) {
        if answer.text.is_empty() {
            return;
        }
        let ordinal = self.ordinal();
        self.say(events::state("speaking"));
        let hz = self.medium.output_hz;
        let pcm = match self.script.fault {
            Some(Fault::Flood) => tone(FLOOD, hz),
            _ => answer.pcm(hz),
        };
        let mut words = answer.text.split_inclusive(' ');
        for piece in pieces(&pcm, hz) {
            self.outs.push(Out::Binary(piece));
            if let Some(word) = words.next() {
                self.say(events::delta("agent", word, ordinal));
            }
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
            self.say(events::delta("agent", &rest, ordinal));
        }
        if answer.held {
            let text = answer.text.clone();
            self.held = Some(Held { text, ordinal });
            return;
        }
        self.say(events::text("agent", &answer.text, ordinal, true));
        self.say(events::state("listening"));
    }

    fn call(&mut self, tool: &ToolUse) {
        let id = uuid::Uuid::new_v4().to_string();
        self.say(events::client_tool_invocation(&tool.name, &id, &tool.arguments));
        self.tools.insert(id);
    }

    fn tool_result(&mut self, event: &Value) {
        let id = event["invocationId"].as_str().unwrap_or_default();
        let told = event["result"].is_string() || event["errorType"].is_string();
        if !self.tools.remove(id) || !told {
            return self.outs.push(Out::Close(1003, "Unknown tool invocation".into()));
        }
        if self.tools.is_empty() && event["agentReaction"] != "listens" {
            self.answer();
        }
    }

    fn ordinal(&mut self) -> u64 {
        self.utterances += 1;
        self.utterances - 1
    }

    fn say(&mut self, event: Value) {
        self.outs.push(Out::Event(event));
    }

    fn take(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.outs)
    }
}

impl Talk for Conversation {
    fn begin(&mut self) -> Vec<Out> {
        if let Some(Fault::CloseAtOnce { code, reason }) = self.script.fault.clone() {
            return vec![Out::Close(code, reason)];
        }
        self.say(events::call_started(&self.id.clone()));
        self.say(events::state("listening"));
        if self.script.fault == Some(Fault::Stall) {
            self.outs.push(Out::Stall);
        }
        self.take()
    }

    fn receive(&mut self, received: Received<'_>) -> Vec<Out> {
        match received {
            Received::Event(event) => self.event(event),
            Received::Binary(bytes) => self.hear(bytes),
            Received::NoJson => self.outs.push(Out::Close(1003, "no JSON".into())),
        }
        self.take()
    }
}
