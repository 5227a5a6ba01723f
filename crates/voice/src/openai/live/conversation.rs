//! The protocol of one session, without its socket.

use super::events::{
    ClientEvent, CloseReason, DelegateEvent, DelegateResponse, FunctionOutput, Item, ServerEvent,
    SessionConfig, SessionUsage,
};
use super::speech::{Found, Speech};
use crate::Usage;
use crate::openai::failure::{self, Names};
use crate::openai::protocol::ErrorBody;
use crate::realtime::{Action, Headstrong, Protocol, Received};
use audio::SampleRate;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, ToolCallId, TurnId};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tracing::{debug, warn};

/// How long before a session's end another is asked for.
const BEFORE_END: Duration = Duration::from_secs(300);

/// Seconds without any audio after which what was said is over.
const QUIET_SECONDS: u32 = 2;

/// One session's protocol.
#[derive(Debug)]
pub(super) struct Conversation {
    talk: Headstrong,
    names: Names,
    speech: Speech,
    started: bool,
    /// The caller has said something that the model has not acted upon.
    listening: bool,
    /// The caller has begun a turn since the model began to speak.
    spoken_into: bool,
    /// Seconds since audio last came, while the model speaks.
    quiet: Option<u32>,
    /// Tools that were called and have not come to an end.
    tools: BTreeSet<ToolCallId>,
    /// Seconds of the session that were charged.
    charged: f64,
    longest: Duration,
    so_far: Duration,
    expiring: bool,
}

impl Conversation {
    /// A session that is to begin like this.
    pub(super) fn new(session: SessionConfig, rate: SampleRate, names: Names, longest: Duration) -> Self {
        let mut talk = Headstrong::default();
        let session = Box::new(session);
        talk.outlet.send(&ClientEvent::Start { session });
        Self {
            talk,
            names,
            speech: Speech::new(rate),
            started: false,
            listening: false,
            spoken_into: false,
            quiet: None,
            tools: BTreeSet::new(),
            charged: 0.0,
            longest,
            so_far: Duration::ZERO,
            expiring: false,
        }
    }

    fn server(&mut self, event: ServerEvent<'_>) {
        match event {
            ServerEvent::Started { session } => self.start(session.expires_at),
            ServerEvent::Heard { delta } => {
                self.listening = true;
                self.talk.words(&delta);
            }
            ServerEvent::Said { delta } => {
                self.speak();
                self.talk.text(delta);
            }
            ServerEvent::Audio { delta } => self.audio(&delta),
            ServerEvent::Delegated => self.act(),
            ServerEvent::Delegate { event } => self.delegate(event),
            ServerEvent::Usage { usage } => self.charge(&usage),
            ServerEvent::Closed { reason, usage } => {
                self.charge(&usage);
                self.ended(reason);
            }
            ServerEvent::Error { error } => self.error(&error),
            ServerEvent::Other => debug!("an event that means nothing here"),
        }
    }

    /// Ready. What the server says of the session's end counts only if it is sooner than what is known.
    fn start(&mut self, expires_at: Option<i64>) {
        self.started = true;
        let now = jiff::Timestamp::now().as_second();
        let left = expires_at.and_then(|at| u64::try_from(at - now).ok());
        if let Some(left) = left.map(Duration::from_secs) {
            self.longest = self.longest.min(self.so_far + left);
        }
        self.talk.outlet.tell(EngineEvent::Ready);
    }

    /// The model does something: with that the caller's turn is over.
    fn act(&mut self) {
        if std::mem::take(&mut self.listening) {
            self.talk.settle();
            self.talk.turn_ended();
        }
    }

    fn speak(&mut self) {
        if self.quiet.is_none() {
            self.act();
            self.spoken_into = false;
        }
        self.quiet = Some(0);
        self.talk.begin();
    }

    fn audio(&mut self, delta: &str) {
        let Ok(bytes) = STANDARD.decode(delta) else {
            return self.fail(FailureKind::Protocol, "OpenAI sent audio that is not base64");
        };
        for found in self.speech.take(&bytes) {
            match found {
                Found::Speech(samples) => {
                    self.speak();
                    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
                    self.talk.audio(&bytes);
                }
                Found::End => self.silent(),
            }
        }
    }

    /// The model has fallen silent: by itself, or because the caller spoke.
    fn silent(&mut self) {
        self.quiet = None;
        if std::mem::take(&mut self.spoken_into) {
            self.talk.interrupted();
        } else {
            self.talk.done();
        }
    }

    fn delegate(&mut self, event: DelegateEvent) {
        match event {
            DelegateEvent::ItemDone {
                item:
                    Item::FunctionCall {
                        call_id,
                        name,
                        arguments,
                    },
            } => self.tool_call(call_id, name, &arguments),
            DelegateEvent::Completed { response } => self.charge_delegate(&response),
            DelegateEvent::Failed {} => {
                for id in std::mem::take(&mut self.tools) {
                    self.talk.outlet.tell(EngineEvent::ToolCancelled { id });
                }
            }
            DelegateEvent::ItemDone { item: Item::Other } | DelegateEvent::Other => {}
        }
    }

    fn tool_call(&mut self, call_id: String, name: String, arguments: &str) {
        self.act();
        let id = ToolCallId(call_id);
        self.tools.insert(id.clone());
        let arguments = if arguments.trim().is_empty() {
            "{}"
        } else {
            arguments
        };
        let Ok(arguments @ Value::Object(_)) = serde_json::from_str(arguments) else {
            warn!(
                tool = name,
                "a tool was called with arguments that are no object; the model is told so"
            );
            return self.tool_result(id, false, "the arguments are not a JSON object".into());
        };
        self.talk
            .outlet
            .tell(EngineEvent::ToolCall { id, name, arguments });
    }

    /// The results of all tools go before the model goes on.
    fn tool_result(&mut self, id: ToolCallId, ok: bool, result: String) {
        if !self.tools.remove(&id) {
            return debug!("the result of a tool that nobody called");
        }
        let output = if ok {
            result
        } else {
            serde_json::json!({ "error": result }).to_string()
        };
        self.send(&ClientEvent::CreateItem {
            item: FunctionOutput {
                r#type: "function_call_output",
                call_id: id.0,
                output,
            },
        });
        if self.tools.is_empty() {
            self.talk.expect_follow_up();
            self.send(&ClientEvent::CreateResponse);
        }
    }

    fn charge(&mut self, usage: &SessionUsage) {
        let more = usage.seconds - self.charged;
        if more > 0.0 {
            self.charged = usage.seconds;
            self.talk.outlet.charge(Usage {
                // A float becomes the nearest whole number.
                session_ms: (more * 1_000.0).round() as u64,
                ..Usage::default()
            });
        }
    }

    fn charge_delegate(&mut self, response: &DelegateResponse) {
        let Some(usage) = &response.usage else { return };
        let cached = usage.input_tokens_details.cached_tokens.min(usage.input_tokens);
        self.talk.outlet.charge(Usage {
            text_in: usage.input_tokens - cached,
            text_cached: cached,
            text_out: usage.output_tokens,
            ..Usage::default()
        });
    }

    fn ended(&mut self, reason: CloseReason) {
        let (kind, what) = match reason {
            CloseReason::Expired => (FailureKind::Expired, "OpenAI ended the session at its longest"),
            CloseReason::Content => (
                FailureKind::Policy,
                "OpenAI ended the session for what was said in it",
            ),
            CloseReason::Other => (FailureKind::Transient, "OpenAI ended the session"),
        };
        self.fail(kind, what);
    }

    /// Most errors leave a session as it was; those end it that would leave the caller without an answer.
    fn error(&mut self, error: &ErrorBody) {
        let kind = failure::kind_of(error);
        let message = self.names.message_of(kind, error);
        let lasting = matches!(
            kind,
            FailureKind::Unauthorized | FailureKind::Quota | FailureKind::Expired | FailureKind::Policy
        );
        if lasting || !self.started {
            return self.talk.outlet.fail(kind, message);
        }
        warn!(
            reason = message,
            "the server reported an error; the session goes on"
        );
    }

    fn instruct(&mut self, content: String) {
        self.send(&ClientEvent::Instruct {
            content,
            delegation_id: None,
        });
    }

    fn send(&mut self, event: &ClientEvent) {
        self.talk.outlet.send(event);
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
        let Received::Text(text) = message else {
            return self.fail(FailureKind::Protocol, "OpenAI sent binary data");
        };
        match serde_json::from_str(text) {
            Ok(event) => self.server(event),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let what = format!("OpenAI sent an event that cannot be read (line {line}, column {column})");
                self.fail(FailureKind::Protocol, &what);
            }
        }
    }

    fn command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::TurnStarted { turn } => {
                self.spoken_into = self.quiet.is_some();
                self.talk.turn_started(turn);
            }
            EngineCommand::Discard { turn } => {
                self.spoken_into = false;
                self.talk.discard(turn);
            }
            EngineCommand::Interrupt { answer, .. } => self.talk.stop_from(answer),
            EngineCommand::ToolResult { id, ok, result } => self.tool_result(id, ok, result),
            EngineCommand::Dtmf { digit } => {
                self.talk.expect_follow_up();
                let key = digit.key();
                self.instruct(format!(
                    "The caller pressed key {key} on the phone: answer to that now."
                ));
            }
            // The model hears and answers by itself, and is not verbatim.
            EngineCommand::Transcribe { .. }
            | EngineCommand::Respond { .. }
            | EngineCommand::NoInput
            | EngineCommand::Say { .. } => {}
        }
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.talk.asked(turn);
        self.instruct(format!(
            "The caller said this and was not answered yet; answer it now: {words}"
        ));
    }

    fn hear(&mut self, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        self.send(&ClientEvent::Append {
            audio: STANDARD.encode(bytes),
        });
    }

    fn overflow(&mut self, answer: AnswerId) {
        self.talk.stop_from(answer);
    }

    fn closed(&mut self, code: u16, reason: &str) {
        let (kind, message) = self.names.of_close(code, reason);
        self.talk.outlet.fail(kind, message);
    }

    fn fail(&mut self, kind: FailureKind, what: &str) {
        let message = self.names.plain(kind, what);
        self.talk.outlet.fail(kind, message);
    }

    fn lasts(&mut self, so_far: Duration) {
        self.so_far = so_far;
        self.quiet = self.quiet.map(|seconds| seconds + 1);
        if self.quiet.is_some_and(|seconds| seconds > QUIET_SECONDS) {
            self.speech.end();
            self.silent();
        }
        let left = self.longest.saturating_sub(so_far);
        if self.started
            && left <= BEFORE_END.min(self.longest / 12)
            && !std::mem::replace(&mut self.expiring, true)
        {
            self.talk.outlet.expiring(left, None);
        }
    }

    fn poll_action(&mut self) -> Option<Action> {
        self.talk.outlet.poll()
    }
}
