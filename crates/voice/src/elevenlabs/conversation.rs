//! The protocol of one conversation once it has begun, without its socket.

use super::config::Config;
use super::events::{ClientEvent, ServerEvent, ToolCall, UserAudio};
use super::failure;
use super::format::Formats;
use crate::engine::Setup;
use crate::realtime::{Action, Headstrong, Protocol, Received};
use crate::service::Place;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, ToolCallId, TurnId};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;
use tracing::debug;

/// How long before the longest conversation's end another is asked for.
const BEFORE_END: Duration = Duration::from_secs(45);

/// Seconds without audio after which an answer counts as complete, for agents that do not tell it.
const QUIET_SECONDS: u32 = 2;

/// One conversation's protocol.
#[derive(Debug)]
pub(super) struct Conversation {
    talk: Headstrong,
    formats: Formats,
    place: Place,
    /// Audio up to this id is of an answer that was interrupted.
    void_through: u64,
    /// The words of the present answer are told.
    worded: bool,
    /// Seconds since audio last came.
    quiet: u32,
    /// Tools that were called and have not come to an end.
    tools: BTreeSet<ToolCallId>,
    longest: Duration,
    so_far: Duration,
    expiring: bool,
}

impl Conversation {
    /// A conversation that has begun.
    pub(super) fn new(formats: Formats, config: &Config, place: Place, setup: &Setup) -> Self {
        let mut talk = Headstrong::default();
        if let Some(text) = config.context(setup) {
            talk.outlet.send(&ClientEvent::ContextualUpdate { text });
        }
        talk.outlet.tell(EngineEvent::Ready);
        Self {
            talk,
            formats,
            place,
            void_through: 0,
            worded: false,
            quiet: 0,
            tools: BTreeSet::new(),
            longest: config.longest,
            so_far: Duration::ZERO,
            expiring: false,
        }
    }

    fn server(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Ping { ping_event } => self.send(&ClientEvent::Pong {
                event_id: ping_event.event_id,
            }),
            ServerEvent::Audio { audio_event } => {
                self.audio(audio_event.event_id, &audio_event.audio_base_64)
            }
            ServerEvent::AgentResponse { agent_response_event } => {
                self.response(agent_response_event.agent_response);
            }
            ServerEvent::AgentResponseComplete => self.complete(),
            ServerEvent::UserTranscript {
                user_transcription_event,
            } => {
                self.complete();
                self.talk.sentence(&user_transcription_event.user_transcript);
                self.talk.turn_ended();
            }
            ServerEvent::Interruption { interruption_event } => {
                self.void_through = interruption_event.event_id;
                self.worded = false;
                self.talk.interrupted();
            }
            ServerEvent::ClientToolCall { client_tool_call } => self.tool_call(client_tool_call),
            ServerEvent::ConversationInitiationMetadata { .. } | ServerEvent::Other => {
                debug!("an event that means nothing here");
            }
        }
    }

    fn audio(&mut self, id: u64, audio: &str) {
        if id <= self.void_through {
            return;
        }
        let Ok(bytes) = STANDARD.decode(audio) else {
            return self.fail(FailureKind::Protocol, "ElevenLabs sent audio that is not base64");
        };
        self.quiet = 0;
        self.talk.begin();
        self.talk.audio(&self.formats.output.decode(bytes));
    }

    /// The words of an answer, before or after its first audio: a second time they are those of the next.
    fn response(&mut self, text: String) {
        if std::mem::replace(&mut self.worded, true) {
            self.talk.done();
        }
        self.quiet = 0;
        self.talk.begin_anew();
        self.talk.text(text);
    }

    fn complete(&mut self) {
        self.worded = false;
        self.talk.done();
    }

    fn tool_call(&mut self, call: ToolCall) {
        let id = ToolCallId(call.tool_call_id);
        let arguments = match call.parameters {
            arguments @ Value::Object(_) => arguments,
            _ => Value::Object(Map::new()),
        };
        self.tools.insert(id.clone());
        self.talk.outlet.tell(EngineEvent::ToolCall {
            id,
            name: call.tool_name,
            arguments,
        });
    }

    fn tool_result(&mut self, id: ToolCallId, ok: bool, result: String) {
        if !self.tools.remove(&id) {
            return debug!("the result of a tool that nobody called");
        }
        self.talk.expect_follow_up();
        self.send(&ClientEvent::ClientToolResult {
            tool_call_id: id.0,
            result,
            is_error: !ok,
        });
    }

    fn send(&mut self, event: &ClientEvent) {
        self.talk.outlet.send(event);
    }
}

impl Protocol for Conversation {
    fn is_ready(&self) -> bool {
        !self.is_failed()
    }

    fn is_failed(&self) -> bool {
        self.talk.outlet.is_failed()
    }

    fn receive(&mut self, message: Received<'_>) {
        let Received::Text(text) = message else {
            return self.fail(FailureKind::Protocol, "ElevenLabs sent binary data");
        };
        match serde_json::from_str(text) {
            Ok(event) => self.server(event),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let what =
                    format!("ElevenLabs sent an event that cannot be read (line {line}, column {column})");
                self.fail(FailureKind::Protocol, &what);
            }
        }
    }

    fn command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::TurnStarted { turn } => self.talk.turn_started(turn),
            EngineCommand::Discard { turn } => self.talk.discard(turn),
            // The agent corrects what it has said by itself.
            EngineCommand::Interrupt { answer, .. } => self.talk.stop_from(answer),
            EngineCommand::ToolResult { id, ok, result } => self.tool_result(id, ok, result),
            EngineCommand::Dtmf { digit } => {
                self.talk.expect_follow_up();
                let text = format!("The caller pressed key {} on the phone.", digit.key());
                self.send(&ClientEvent::UserMessage { text });
            }
            // The agent transcribes and answers by itself, and is not verbatim.
            EngineCommand::Transcribe { .. }
            | EngineCommand::Respond { .. }
            | EngineCommand::NoInput
            | EngineCommand::Say { .. } => {}
        }
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.talk.asked(turn);
        self.send(&ClientEvent::UserMessage { text: words });
    }

    fn hear(&mut self, samples: &[i16]) {
        let user_audio_chunk = STANDARD.encode(self.formats.input.encode(samples));
        self.talk.outlet.send(&UserAudio { user_audio_chunk });
    }

    fn overflow(&mut self, answer: AnswerId) {
        self.talk.stop_from(answer);
    }

    fn closed(&mut self, code: u16, reason: &str) {
        let place = &self.place;
        let (kind, message) = if code == 1000 && self.so_far + Duration::from_secs(5) >= self.longest {
            let what = "ElevenLabs ended the conversation at its longest";
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

    /// While the caller waits on hold the agent would speak for want of words.
    fn idle(&mut self) {
        self.send(&ClientEvent::UserActivity);
    }

    fn lasts(&mut self, so_far: Duration) {
        self.so_far = so_far;
        self.quiet = self.quiet.saturating_add(1);
        if self.worded && self.quiet > QUIET_SECONDS {
            self.complete();
        }
        let left = self.longest.saturating_sub(so_far);
        if left <= BEFORE_END && !std::mem::replace(&mut self.expiring, true) {
            self.talk.outlet.expiring(left, None);
        }
    }

    fn poll_action(&mut self) -> Option<Action> {
        self.talk.outlet.poll()
    }
}
