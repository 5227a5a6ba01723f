//! The protocol of one call, without its socket.

use super::events::{ClientMessage, Role, ServerMessage, State, Transcript};
use super::failure;
use crate::realtime::{Action, Headstrong, Protocol, Received};
use crate::service::Place;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, ToolCallId, TurnId};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;
use tracing::debug;

/// How long before the longest call's end another is asked for.
const BEFORE_END: Duration = Duration::from_secs(60);

/// One call's protocol.
#[derive(Debug)]
pub(super) struct Conversation {
    talk: Headstrong,
    place: Place,
    started: bool,
    /// The agent's utterance whose words come at present.
    utterance: Option<u64>,
    /// The last one that is over: what still comes of its words is told or was not heard.
    over: Option<u64>,
    /// What was told of the present one's words.
    said: String,
    /// Tools that were called and have not come to an end.
    tools: BTreeSet<ToolCallId>,
    longest: Duration,
    so_far: Duration,
    expiring: bool,
}

impl Conversation {
    /// A call that lasts so long at most.
    pub(super) fn new(longest: Duration, place: Place) -> Self {
        Self {
            talk: Headstrong::default(),
            place,
            started: false,
            utterance: None,
            over: None,
            said: String::new(),
            tools: BTreeSet::new(),
            longest,
            so_far: Duration::ZERO,
            expiring: false,
        }
    }

    fn server(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::CallStarted => self.start(),
            ServerMessage::State { state } => {
                self.start();
                self.state(state);
            }
            ServerMessage::Transcript(transcript) => self.transcript(transcript),
            ServerMessage::PlaybackClearBuffer => {
                self.close_utterance();
                self.talk.interrupted();
            }
            ServerMessage::ClientToolInvocation {
                tool_name,
                invocation_id,
                parameters,
            } => self.tool_call(tool_name, invocation_id, parameters),
            ServerMessage::Other => debug!("a message that means nothing here"),
        }
    }

    fn start(&mut self) {
        if !std::mem::replace(&mut self.started, true) {
            self.talk.outlet.tell(EngineEvent::Ready);
        }
    }

    /// Whatever the agent does next, what it gave until now is complete.
    fn state(&mut self, state: State) {
        match state {
            State::Listening | State::Thinking => self.complete(),
            State::Speaking | State::Other => {}
        }
    }

    fn complete(&mut self) {
        self.close_utterance();
        self.talk.done();
    }

    fn close_utterance(&mut self) {
        self.over = self.utterance.take().or(self.over);
        self.said.clear();
    }

    fn transcript(&mut self, transcript: Transcript) {
        match transcript.role {
            Role::User if transcript.is_final => {
                let words = transcript.text.or(transcript.delta).unwrap_or_default();
                self.talk.sentence(&words);
                self.talk.turn_ended();
            }
            Role::Agent => self.words(transcript),
            Role::User | Role::Other => {}
        }
    }

    /// Words of the agent's. A text repeats what came before it, or less of it where it was interrupted.
    fn words(&mut self, transcript: Transcript) {
        if Some(transcript.ordinal) <= self.over {
            return;
        }
        self.utterance = Some(transcript.ordinal);
        let more = match (transcript.delta, &transcript.text) {
            (Some(delta), _) => delta,
            (None, Some(text)) => text
                .strip_prefix(self.said.as_str())
                .unwrap_or_default()
                .to_owned(),
            (None, None) => return,
        };
        if more.is_empty() {
            return;
        }
        self.said.push_str(&more);
        self.talk.begin();
        self.talk.text(more);
    }

    fn tool_call(&mut self, name: String, id: String, parameters: Value) {
        let id = ToolCallId(id);
        let arguments = match parameters {
            arguments @ Value::Object(_) => arguments,
            _ => Value::Object(Map::new()),
        };
        self.tools.insert(id.clone());
        self.talk
            .outlet
            .tell(EngineEvent::ToolCall { id, name, arguments });
    }

    fn tool_result(&mut self, id: ToolCallId, ok: bool, result: String) {
        if !self.tools.remove(&id) {
            return debug!("the result of a tool that nobody called");
        }
        self.talk.expect_follow_up();
        let (result, error) = if ok {
            (Some(result), None)
        } else {
            (None, Some(result))
        };
        self.send(&ClientMessage::ClientToolResult {
            invocation_id: id.0,
            result,
            response_type: "tool-response",
            error_type: error.as_ref().map(|_| "implementation-error"),
            error_message: error,
        });
    }

    fn send(&mut self, message: &ClientMessage) {
        self.talk.outlet.send(message);
    }
}

impl Protocol for Conversation {
    fn is_ready(&self) -> bool {
        self.started && !self.is_failed()
    }

    fn is_failed(&self) -> bool {
        self.talk.outlet.is_failed()
    }

    fn receive(&mut self, message: Received<'_>) {
        match message {
            Received::Binary(bytes) => {
                self.talk.begin();
                self.talk.audio(bytes);
            }
            Received::Text(text) => match serde_json::from_str(text) {
                Ok(message) => self.server(message),
                Err(error) => {
                    let (line, column) = (error.line(), error.column());
                    let what =
                        format!("Ultravox sent a message that cannot be read (line {line}, column {column})");
                    self.fail(FailureKind::Protocol, &what);
                }
            },
        }
    }

    fn command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::TurnStarted { turn } => self.talk.turn_started(turn),
            EngineCommand::Discard { turn } => self.talk.discard(turn),
            // The agent knows by itself what of its words was heard.
            EngineCommand::Interrupt { answer, .. } => self.talk.stop_from(answer),
            EngineCommand::ToolResult { id, ok, result } => self.tool_result(id, ok, result),
            EngineCommand::Dtmf { digit } => {
                self.talk.expect_follow_up();
                let text = format!("The caller pressed key {} on the phone.", digit.key());
                self.send(&ClientMessage::UserTextMessage { text });
            }
            // The agent transcribes and answers by itself, and is not asked to be verbatim.
            EngineCommand::Transcribe { .. }
            | EngineCommand::Respond { .. }
            | EngineCommand::NoInput
            | EngineCommand::Say { .. } => {}
        }
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.talk.asked(turn);
        self.send(&ClientMessage::UserTextMessage { text: words });
    }

    fn hear(&mut self, samples: &[i16]) {
        self.talk.outlet.send_samples(samples);
    }

    fn overflow(&mut self, answer: AnswerId) {
        self.talk.stop_from(answer);
    }

    fn closed(&mut self, code: u16, reason: &str) {
        let place = &self.place;
        let (kind, message) = if self.so_far + Duration::from_secs(5) >= self.longest {
            let what = "Ultravox ended the call at its longest";
            (
                FailureKind::Expired,
                failure::plain(FailureKind::Expired, what, place),
            )
        } else {
            failure::of_close(code, reason, place)
        };
        self.talk.outlet.fail(kind, message);
    }

    fn fail(&mut self, kind: FailureKind, what: &str) {
        let message = failure::plain(kind, what, &self.place);
        self.talk.outlet.fail(kind, message);
    }

    fn idle(&mut self) {
        let timestamp = u64::try_from(self.so_far.as_millis()).unwrap_or(u64::MAX);
        self.send(&ClientMessage::Ping { timestamp });
    }

    fn lasts(&mut self, so_far: Duration) {
        self.so_far = so_far;
        let left = self.longest.saturating_sub(so_far);
        if left <= BEFORE_END && !std::mem::replace(&mut self.expiring, true) {
            self.talk.outlet.expiring(left, None);
        }
    }

    fn poll_action(&mut self) -> Option<Action> {
        self.talk.outlet.poll()
    }
}
