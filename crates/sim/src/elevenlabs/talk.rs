//! One conversation's state: what the client sends goes in, what the agent says to it comes out.

use super::format::Format;
use super::script::{Completion, Override, Script};
use crate::provider::{Answer, Edge, FLOOD, Fault, Hearing, Out, Received, Talk, ToolUse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Quiet that ends a turn of the caller's.
const SILENCE_MS: u64 = 400;

/// The policy violation of RFC 6455, by which the agent refuses what it does not allow.
const POLICY: u16 = 1008;

#[derive(Debug)]
pub(super) struct Conversation {
    script: Arc<Script>,
    input: Format,
    output: Format,
    hearing: Hearing,
    begun: bool,
    /// The id of the last event that has one: audio, pings.
    events: u64,
    /// What is being said and waits to be interrupted.
    held: Option<String>,
    /// Tools that were called and have no result yet.
    tools: BTreeSet<String>,
    turns: usize,
    answers: usize,
    outs: Vec<Out>,
}

impl Conversation {
    pub(super) fn new(script: Arc<Script>) -> Self {
        let input = Format::named(&script.input_format);
        Self {
            input,
            output: Format::named(&script.output_format),
            hearing: Hearing::new(input.hz()),
            script,
            begun: false,
            events: 0,
            held: None,
            tools: BTreeSet::new(),
            turns: 0,
            answers: 0,
            outs: Vec::new(),
        }
    }

    fn event(&mut self, event: &Value) {
        if let Some(chunk) = event["user_audio_chunk"].as_str() {
            return self.hear(chunk);
        }
        match event["type"].as_str().unwrap_or_default() {
            "conversation_initiation_client_data" => self.initiate(event),
            "pong" | "user_activity" | "contextual_update" => {}
            "user_message" => self.answer(),
            "client_tool_result" => self.tool_result(event),
            kind => self.close(&format!("Invalid message received: {kind}")),
        }
    }

    fn initiate(&mut self, event: &Value) {
        let set = |part: Override| {
            event["conversation_config_override"]
                .pointer(part.pointer())
                .is_some_and(|value| !value.is_null())
        };
        let refused = Override::ALL
            .into_iter()
            .find(|part| set(*part) && !self.script.allows.contains(part));
        if let Some(part) = refused {
            let reason = format!("Override for field '{}' is not allowed by config.", part.field());
            return self.close(&reason);
        }
        self.begun = true;
        let output = match self.script.fault {
            Some(Fault::WrongFormat) => "mp3_44100_128",
            _ => &self.script.output_format,
        };
        let metadata = json!({
            "conversation_id": "conv_sim",
            "agent_output_audio_format": output,
            "user_input_audio_format": self.script.input_format,
        });
        self.say(
            "conversation_initiation_metadata",
            "conversation_initiation_metadata_event",
            metadata,
        );
        if self.script.fault == Some(Fault::Stall) {
            return self.outs.push(Out::Stall);
        }
        self.ping();
        let first = event["conversation_config_override"].pointer(Override::FirstMessage.pointer());
        if let (None, Some(message)) = (first, self.script.first_message.clone()) {
            self.speak(&message);
        }
    }

    fn ping(&mut self) {
        self.events += 1;
        let ping = json!({ "event_id": self.events, "ping_ms": null });
        self.say("ping", "ping_event", ping);
    }

    fn hear(&mut self, chunk: &str) {
        let Ok(bytes) = STANDARD.decode(chunk) else {
            return self.close("Invalid audio chunk");
        };
        if !self.begun {
            return self.close("Audio before the conversation was initiated");
        }
        for edge in self.hearing.hear(&self.input.decode(&bytes), SILENCE_MS) {
            match edge {
                Edge::Started(_) => self.interrupt(),
                Edge::Stopped(_) => self.turn(),
            }
        }
    }

    /// The agent hears that the caller speaks into what it says.
    fn interrupt(&mut self) {
        let Some(text) = self.held.take() else { return };
        let interruption = json!({ "event_id": self.events });
        self.say("interruption", "interruption_event", interruption);
        let first_words: Vec<&str> = text.split(' ').take(2).collect();
        let correction = json!({
            "original_agent_response": text,
            "corrected_agent_response": format!("{}...", first_words.join(" ")),
        });
        self.say(
            "agent_response_correction",
            "agent_response_correction_event",
            correction,
        );
    }

    fn turn(&mut self) {
        let heard = &self.script.heard;
        let words = heard
            .get(self.turns)
            .or(heard.last())
            .cloned()
            .unwrap_or_default();
        self.turns += 1;
        let transcript = json!({ "user_transcript": words });
        self.say("user_transcript", "user_transcription_event", transcript);
        self.ping();
        self.answer();
    }

    /// Gives the next answer of the script.
    fn answer(&mut self) {
        if self.script.fault == Some(Fault::Malformed) {
            return self.outs.push(Out::Raw("{\"type\":\"agent_response\",".into()));
        }
        let scripted = self.script.answers.get(self.answers).cloned();
        let answer = scripted.unwrap_or_else(|| Answer::tone("Sim.", Duration::from_millis(500)));
        self.answers += 1;
        self.speak(&answer);
        for tool in &answer.tools {
            self.call(tool);
        }
    }

    fn speak(&mut self, answer: &Answer) {
        if answer.text.is_empty() {
            return;
        }
        let response = json!({ "agent_response": answer.text });
        self.say("agent_response", "agent_response_event", response);
        let pcm = match self.script.fault {
            Some(Fault::Flood) => crate::provider::tone(FLOOD, self.output.hz()),
            _ => answer.pcm(self.output.hz()),
        };
        for piece in pcm.chunks(self.output.hz() as usize / 5) {
            self.events += 1;
            let audio = STANDARD.encode(self.output.encode(piece));
            let audio = json!({ "event_id": self.events, "audio_base_64": audio });
            self.say("audio", "audio_event", audio);
            match self.script.fault {
                Some(Fault::CloseMidAnswer(code)) => {
                    return self.outs.push(Out::Close(code, "scripted".into()));
                }
                Some(Fault::BreakMidAnswer) => return self.outs.push(Out::Break),
                _ => {}
            }
        }
        if answer.held {
            self.held = Some(answer.text.clone());
            return;
        }
        if self.script.completion == Completion::Told {
            let complete = json!({ "event_id": self.events });
            self.say(
                "agent_response_complete",
                "agent_response_complete_event",
                complete,
            );
        }
    }

    fn call(&mut self, tool: &ToolUse) {
        let id = format!("toolu_{}", uuid::Uuid::new_v4().simple());
        self.tools.insert(id.clone());
        let call = json!({
            "tool_name": tool.name, "tool_call_id": id, "parameters": tool.arguments, "event_id": self.events,
        });
        self.say("client_tool_call", "client_tool_call", call);
    }

    fn tool_result(&mut self, event: &Value) {
        let id = event["tool_call_id"].as_str().unwrap_or_default();
        if !self.tools.remove(id) || !event["is_error"].is_boolean() {
            return self.close("Invalid message received: client_tool_result");
        }
        if self.tools.is_empty() {
            self.answer();
        }
    }

    fn say(&mut self, kind: &str, part: &str, content: Value) {
        let mut event = json!({ "type": kind });
        event[part] = content;
        self.outs.push(Out::Event(event));
    }

    fn close(&mut self, reason: &str) {
        self.outs.push(Out::Close(POLICY, reason.into()));
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
            Received::NoJson | Received::Binary(_) => self.close("Invalid message received"),
        }
        self.take()
    }
}
