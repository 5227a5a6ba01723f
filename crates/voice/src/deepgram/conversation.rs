//! The protocol of one session, without its socket: the server's events and audio and the call's commands go in, what is to be
//! sent and told comes out.

use super::config::Config;
use super::failure;
use super::protocol::{Cancelled, ClientEvent, Complaint, FunctionCall, Role, ServerEvent, Settings};
use crate::engine::Setup;
use crate::realtime::{Action, Headstrong, Protocol, Rates, Received};
use crate::service::Place;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, ToolCallId, TurnId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tracing::{debug, warn};

/// What audio in a file begins with, which was not asked for.
const CONTAINERS: [&[u8]; 3] = [b"RIFF", b"OggS", b"ID3"];

/// How many texts in the caller's name are remembered.
const REMEMBERED: usize = 8;

/// One session's protocol.
#[derive(Debug)]
pub(super) struct Conversation {
    place: Place,
    talk: Headstrong,
    stage: Stage,
    /// Tools that were called and have not come to an end: their names, by id.
    tools: BTreeMap<ToolCallId, String>,
    /// What the server was told in the caller's name and has not repeated yet.
    told: VecDeque<String>,
    session_limit: Duration,
    renewal: Duration,
    /// The end of the session was told.
    leaving: bool,
}

/// Where a session stands.
#[derive(Debug)]
enum Stage {
    /// The server has not greeted yet: what it is to be told then.
    Opening(Box<Settings>),
    /// It was told the settings.
    Configuring,
    /// It may be spoken to.
    Ready,
}

impl Conversation {
    /// A session that is to be configured like this.
    pub(super) fn new(config: &Config, place: Place, setup: &Setup, rates: Rates) -> Self {
        Self {
            place,
            talk: Headstrong::default(),
            stage: Stage::Opening(Box::new(config.settings(setup, rates))),
            tools: BTreeMap::new(),
            told: VecDeque::new(),
            session_limit: config.session_limit,
            renewal: config.renewal,
            leaving: false,
        }
    }

    fn event(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Welcome => self.configure(),
            ServerEvent::SettingsApplied => self.configured(),
            ServerEvent::UserStartedSpeaking => {
                self.talk.interrupted();
                self.talk.mute();
            }
            ServerEvent::ConversationText { role, content } => self.conversation_text(role, &content),
            ServerEvent::AgentThinking | ServerEvent::AgentAudioDone => self.talk.done(),
            ServerEvent::AgentStartedSpeaking => self.talk.begin_anew(),
            ServerEvent::FunctionCallRequest { functions } => self.tools_called(functions),
            ServerEvent::FunctionCallCancelled { functions } => self.tools_cancelled(functions),
            ServerEvent::InjectionRefused => {
                warn!("Deepgram refused to say a text");
                self.talk.say_refused();
            }
            ServerEvent::Error(error) => self.error(&error),
            ServerEvent::Warning(warning) => {
                let code = failure::identifier(&warning.code);
                warn!(code, "Deepgram warns; the session goes on");
            }
            ServerEvent::Other => debug!("an event that means nothing here"),
        }
    }

    fn configure(&mut self) {
        if let Stage::Opening(settings) = std::mem::replace(&mut self.stage, Stage::Configuring) {
            self.talk.outlet.send(&settings);
        }
    }

    fn configured(&mut self) {
        if matches!(self.stage, Stage::Configuring) {
            self.stage = Stage::Ready;
            self.talk.outlet.tell(EngineEvent::Ready);
        }
    }

    /// The caller's words come when the server has found the end of the turn, an answer's before its audio.
    fn conversation_text(&mut self, role: Role, content: &str) {
        match role {
            // What the caller did not say is not told as his words.
            Role::User if self.told.front().is_some_and(|told| told == content) => {
                self.told.pop_front();
            }
            Role::User => {
                self.talk.sentence(content);
                self.talk.turn_ended();
            }
            Role::Assistant => {
                self.talk.begin_words(content);
                self.talk.answer_sentence(content);
            }
            Role::Other => {}
        }
    }

    fn audio(&mut self, bytes: &[u8]) {
        if CONTAINERS.iter().any(|container| bytes.starts_with(container)) {
            let what = "Deepgram sent audio in a container where raw linear16 was asked for";
            return self.fail(FailureKind::Protocol, what);
        }
        self.talk.begin();
        self.talk.audio(bytes);
    }

    /// A tool is called within an answer, which ends with that: what the model says of the result is another.
    fn tools_called(&mut self, functions: Vec<FunctionCall>) {
        let ours: Vec<FunctionCall> = functions.into_iter().filter(|f| f.client_side).collect();
        if ours.is_empty() {
            return;
        }
        self.talk.begin_anew();
        for function in ours {
            self.tool_called(function);
        }
        self.talk.done();
    }

    fn tool_called(&mut self, function: FunctionCall) {
        let FunctionCall {
            id, name, arguments, ..
        } = function;
        let id = ToolCallId(id);
        self.tools.insert(id.clone(), name.clone());
        let arguments = match arguments.trim() {
            "" => "{}",
            arguments => arguments,
        };
        let Ok(arguments @ Value::Object(_)) = serde_json::from_str(arguments) else {
            warn!(
                tool = name,
                "the model called a tool with arguments that are no object; it is told so"
            );
            return self.tool_result(id, false, "the arguments are not a JSON object".into());
        };
        self.talk
            .outlet
            .tell(EngineEvent::ToolCall { id, name, arguments });
    }

    fn tools_cancelled(&mut self, functions: Vec<Cancelled>) {
        for cancelled in functions {
            let id = ToolCallId(cancelled.id);
            if self.tools.remove(&id).is_some() {
                self.talk.outlet.tell(EngineEvent::ToolCancelled { id });
            }
        }
    }

    fn tool_result(&mut self, id: ToolCallId, ok: bool, result: String) {
        let Some(name) = self.tools.remove(&id) else {
            return debug!("the result of a tool that nobody waits for");
        };
        let content = if ok {
            result
        } else {
            json!({ "error": result }).to_string()
        };
        self.send(&ClientEvent::FunctionCallResponse {
            id: id.0,
            name,
            content,
        });
        self.talk.expect_follow_up();
    }

    fn error(&mut self, error: &Complaint) {
        let is_ready = matches!(self.stage, Stage::Ready);
        let (kind, message) = failure::of_error(error, is_ready, &self.place);
        self.talk.outlet.fail(kind, message);
    }

    /// Text in the caller's name, which is answered at once.
    fn tell_in_the_callers_name(&mut self, content: String) {
        if self.told.len() == REMEMBERED {
            self.told.pop_front();
        }
        self.told.push_back(content.clone());
        self.send(&ClientEvent::InjectUserMessage { content });
    }

    fn send(&mut self, event: &ClientEvent) {
        self.talk.outlet.send(event);
    }
}

impl Protocol for Conversation {
    fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready) && !self.is_failed()
    }

    fn is_failed(&self) -> bool {
        self.talk.outlet.is_failed()
    }

    fn receive(&mut self, message: Received<'_>) {
        let text = match message {
            Received::Text(text) => text,
            Received::Binary(bytes) => return self.audio(bytes),
        };
        match serde_json::from_str(text) {
            Ok(event) => self.event(event),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let what =
                    format!("Deepgram sent an event that cannot be read (line {line}, column {column})");
                self.fail(FailureKind::Protocol, &what);
            }
        }
    }

    fn command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::TurnStarted { turn } => self.talk.turn_started(turn),
            EngineCommand::Discard { turn } => self.talk.discard(turn),
            EngineCommand::Interrupt { answer, .. } => self.talk.stop_from(answer),
            EngineCommand::ToolResult { id, ok, result } => self.tool_result(id, ok, result),
            EngineCommand::Say { say, text } => {
                self.talk.expect_say(say, text.clone());
                self.send(&ClientEvent::InjectAgentMessage {
                    message: text,
                    // The call has decided that it is the moment: any other behaviour may be refused.
                    behavior: "interrupt",
                });
            }
            EngineCommand::Dtmf { digit } => {
                let content = format!("The caller pressed key {} on the phone.", digit.key());
                self.tell_in_the_callers_name(content);
                self.talk.expect_follow_up();
            }
            // The server transcribes and answers by itself.
            EngineCommand::Respond { .. } | EngineCommand::Transcribe { .. } | EngineCommand::NoInput => {}
        }
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.tell_in_the_callers_name(words);
        self.talk.asked(turn);
    }

    fn hear(&mut self, samples: &[i16]) {
        self.talk.outlet.send_samples(samples);
    }

    fn overflow(&mut self, answer: AnswerId) {
        self.talk.stop_from(answer);
    }

    fn closed(&mut self, code: u16, _reason: &str) {
        let (kind, message) = failure::of_close(code, &self.place);
        self.talk.outlet.fail(kind, message);
    }

    fn fail(&mut self, kind: FailureKind, what: &str) {
        let message = failure::with_remedy(kind, what, &self.place);
        self.talk.outlet.fail(kind, message);
    }

    fn idle(&mut self) {
        self.send(&ClientEvent::KeepAlive);
    }

    fn lasts(&mut self, so_far: Duration) {
        let within = self.session_limit.saturating_sub(so_far);
        if within <= self.renewal && !std::mem::replace(&mut self.leaving, true) {
            self.talk.outlet.expiring(within, None);
        }
    }

    fn poll_action(&mut self) -> Option<Action> {
        self.talk.outlet.poll()
    }
}
