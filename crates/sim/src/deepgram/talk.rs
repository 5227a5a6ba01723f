//! One session's state: what the client sends goes in, what the server says to it comes out.

use super::script::{Moment, Script};
use super::settings::Settings;
use crate::provider::{
    Answer, Edge, FLOOD, Fault, Hearing, Out, Received, Talk, ToolUse, pieces, samples_of, tone,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Quiet that ends a turn of the caller's.
const SILENCE_MS: u64 = 500;

/// The close code after an `Error`.
const AFTER_ERROR: u16 = 1000;

/// What a file begins with that says how it is encoded.
const WAV: &[u8] = b"RIFF\xff\xff\xff\xffWAVEfmt ";

#[derive(Debug)]
pub(super) struct Conversation {
    script: Arc<Script>,
    session: Option<Session>,
    /// An answer waits to be interrupted.
    held: bool,
    /// Tools that were called and have no response yet, by id.
    tools: BTreeMap<String, String>,
    turns: usize,
    answers: usize,
    outs: Vec<Out>,
}

/// What the settings made.
#[derive(Debug)]
struct Session {
    output_hz: u32,
    history: bool,
    hearing: Hearing,
}

impl Conversation {
    pub(super) fn new(script: Arc<Script>) -> Self {
        Self {
            script,
            session: None,
            held: false,
            tools: BTreeMap::new(),
            turns: 0,
            answers: 0,
            outs: Vec::new(),
        }
    }

    fn event(&mut self, event: &Value) {
        let text = |key: &str| event[key].as_str();
        match (text("type").unwrap_or_default(), self.session.is_some()) {
            ("Settings", false) => self.settings(event),
            ("Settings", true) => self.error("SETTINGS_ALREADY_APPLIED", "Settings were applied already."),
            ("KeepAlive", _) => {}
            ("InjectAgentMessage", true) => match text("message") {
                Some(message) => self.inject(message, text("behavior").unwrap_or("default")),
                None => self.unparsable(),
            },
            ("InjectUserMessage", true) => match text("content") {
                Some(content) => self.injected_turn(content),
                None => self.unparsable(),
            },
            ("FunctionCallResponse", true) => self.function_response(event),
            _ => self.unparsable(),
        }
    }

    fn settings(&mut self, event: &Value) {
        let Ok(settings) = serde_json::from_value::<Settings>(event.clone()) else {
            return self.unparsable();
        };
        if self.fails_at(Moment::Settings) {
            return;
        }
        let (input, output) = (&settings.audio.input, &settings.audio.output);
        let history = settings.agent.context.map(|context| context.messages);
        let is_history = |message: &Value| message["type"] == "History" && message["content"].is_string();
        if input.encoding != "linear16" || output.encoding != "linear16" || output.container != "none" {
            return self.error(
                "INVALID_SETTINGS",
                "This stand-in takes linear16 without a container alone.",
            );
        }
        if !history.iter().flatten().all(is_history) {
            return self.unparsable();
        }
        self.session = Some(Session {
            output_hz: output.sample_rate,
            history: settings.flags.history,
            hearing: Hearing::new(input.sample_rate),
        });
        self.say(json!({ "type": "SettingsApplied" }));
        if let Some(code) = self.script.warning.clone() {
            self.say(json!({ "type": "Warning", "code": code, "description": "scripted" }));
        }
        if self.script.fault == Some(Fault::Stall) {
            return self.outs.push(Out::Stall);
        }
        if let Some(greeting) = settings.agent.greeting {
            self.speak(&Answer::tone(&greeting, Duration::from_millis(500)));
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let Some(session) = &mut self.session else {
            return self.error(
                "BINARY_MESSAGE_BEFORE_SETTINGS",
                "Audio came before the settings.",
            );
        };
        for edge in session.hearing.hear(&samples_of(bytes), SILENCE_MS) {
            match edge {
                Edge::Started(_) => self.speech_started(),
                Edge::Stopped(_) => self.turn(),
            }
        }
    }

    fn speech_started(&mut self) {
        self.say(json!({ "type": "UserStartedSpeaking" }));
        self.held = false;
        let cancelled: Vec<Value> = std::mem::take(&mut self.tools)
            .into_iter()
            .map(|(id, name)| json!({ "id": id, "name": name }))
            .collect();
        if !cancelled.is_empty() {
            self.say(json!({ "type": "FunctionCallCancelled", "functions": cancelled }));
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
        self.injected_turn(&words);
    }

    fn injected_turn(&mut self, words: &str) {
        self.held = false;
        self.conversation_text("user", words);
        self.answer();
    }

    fn conversation_text(&mut self, role: &str, content: &str) {
        self.say(json!({ "type": "ConversationText", "role": role, "content": content }));
        if self.session.as_ref().is_some_and(|session| session.history) {
            self.say(json!({ "type": "History", "role": role, "content": content }));
        }
    }

    /// Gives the next answer of the script.
    fn answer(&mut self) {
        if self.fails_at(Moment::Answer) {
            return;
        }
        if self.script.fault == Some(Fault::Malformed) {
            return self.outs.push(Out::Raw("{\"type\":\"ConversationText\",".into()));
        }
        let scripted = self.script.answers.get(self.answers).cloned();
        let answer = scripted.unwrap_or_else(|| Answer::tone("Sim.", Duration::from_millis(500)));
        self.answers += 1;
        self.say(json!({ "type": "AgentThinking", "content": "The caller wants something." }));
        if !answer.text.is_empty() {
            self.speak(&answer);
        }
        if !answer.tools.is_empty() {
            self.call(&answer.tools);
        }
    }

    /// Says words: sentence by sentence, as the real one tells them.
    fn speak(&mut self, answer: &Answer) {
        for sentence in answer.text.split_inclusive(". ") {
            self.conversation_text("assistant", sentence.trim());
        }
        let hz = self.session.as_ref().map_or(24_000, |session| session.output_hz);
        self.say(json!({
            "type": "AgentStartedSpeaking", "total_latency": 0.75, "tts_latency": 0.25, "ttt_latency": 0.375,
        }));
        let pcm = match self.script.fault {
            Some(Fault::Flood) => tone(FLOOD, hz),
            _ => answer.pcm(hz),
        };
        for (index, mut piece) in pieces(&pcm, hz).enumerate() {
            if index == 0 && self.script.fault == Some(Fault::WrongFormat) {
                piece.splice(..0, WAV.iter().copied());
            }
            self.outs.push(Out::Binary(piece));
            match self.script.fault {
                Some(Fault::CloseMidAnswer(code)) => {
                    return self.outs.push(Out::Close(code, "scripted".into()));
                }
                Some(Fault::BreakMidAnswer) => return self.outs.push(Out::Break),
                _ => {}
            }
        }
        if answer.held {
            self.held = true;
        } else {
            self.say(json!({ "type": "AgentAudioDone" }));
        }
    }

    fn inject(&mut self, message: &str, behaviour: &str) {
        if self.held && behaviour == "default" {
            let refused = json!({ "type": "InjectionRefused", "message": "The agent is speaking." });
            return self.say(refused);
        }
        self.held = false;
        let length = Duration::from_millis(60 * message.chars().count() as u64);
        self.speak(&Answer::tone(message, length));
    }

    fn call(&mut self, tools: &[ToolUse]) {
        let functions: Vec<Value> = tools
            .iter()
            .map(|tool| {
                let id = format!("call_{}", uuid::Uuid::new_v4().simple());
                self.tools.insert(id.clone(), tool.name.clone());
                let arguments = tool.arguments.to_string();
                json!({ "id": id, "name": tool.name, "arguments": arguments, "client_side": true })
            })
            .collect();
        self.say(json!({ "type": "FunctionCallRequest", "functions": functions }));
    }

    fn function_response(&mut self, event: &Value) {
        let called = event["id"].as_str().and_then(|id| self.tools.remove(id));
        if !event["name"].is_string() || !event["content"].is_string() {
            return self.unparsable();
        }
        if called.is_some() && self.tools.is_empty() {
            self.answer();
        }
    }

    fn fails_at(&mut self, moment: Moment) -> bool {
        let failure = self.script.failure.clone().filter(|failure| failure.at == moment);
        let fails = failure.is_some();
        if let Some(failure) = failure {
            self.error(&failure.code, "scripted");
        }
        fails
    }

    fn unparsable(&mut self) {
        let what = "Text message received from client did not match any of the formats we expect.";
        self.error("UNPARSABLE_CLIENT_MESSAGE", what);
    }

    fn error(&mut self, code: &str, description: &str) {
        self.say(json!({ "type": "Error", "code": code, "description": description }));
        self.outs.push(Out::Close(AFTER_ERROR, String::new()));
    }

    fn say(&mut self, event: Value) {
        self.outs.push(Out::Event(event));
    }
}

impl Talk for Conversation {
    fn begin(&mut self) -> Vec<Out> {
        match self.script.fault.clone() {
            Some(Fault::Hang) => vec![Out::Stall],
            Some(Fault::CloseAtOnce { code, reason }) => vec![Out::Close(code, reason)],
            _ => vec![Out::Event(
                json!({ "type": "Welcome", "request_id": "8a3f6c0e-0000-4000-8000-000000000001" }),
            )],
        }
    }

    fn receive(&mut self, received: Received<'_>) -> Vec<Out> {
        match received {
            Received::Event(event) => self.event(event),
            Received::Binary(bytes) => self.hear(bytes),
            Received::NoJson => self.unparsable(),
        }
        std::mem::take(&mut self.outs)
    }

    fn impatient(&mut self) -> Vec<Out> {
        let what = "We did not receive a message within our timeout.";
        self.error("CLIENT_MESSAGE_TIMEOUT", what);
        std::mem::take(&mut self.outs)
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.script.patience)
    }
}
