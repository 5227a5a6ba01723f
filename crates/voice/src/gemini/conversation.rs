//! The protocol of one session, without its socket: the server's messages and the call's commands go in, what is to be sent and
//! told comes out.

use super::OUTPUT;
use super::config::Config;
use super::failure::{self, Stood};
use super::protocol::{
    Blob, ClientContent, ClientMessage, FunctionCall, FunctionResponse, GoAway, InlineData, RealtimeInput,
    ResumptionUpdate, Role, Said, ServerContent, ServerMessage, Text, ToolResponse,
};
use crate::engine::{Exchange, Setup};
use crate::realtime::{Action, Headstrong, Protocol, Received};
use crate::service::Place;
use audio::SampleRate;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, ToolCallId, TurnId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tracing::{debug, warn};

/// How long a connection still lasts of which the server has not said that it ends.
const UNANNOUNCED: Duration = Duration::from_mins(2);

/// One session's protocol.
#[derive(Debug)]
pub(super) struct Conversation {
    place: Place,
    talk: Headstrong,
    stood: Stood,
    /// How the caller's audio is told.
    mime_type: String,
    /// What was said before, until the server is told.
    history: Arc<[Exchange]>,
    tools: Tools,
    /// What opens the next connection with this one's memory.
    handle: Option<String>,
    renewal: Duration,
    /// The end of the connection was told.
    leaving: bool,
}

/// The tools that the model has called and waits for.
#[derive(Debug, Default)]
struct Tools {
    called: BTreeMap<ToolCallId, Called>,
    /// What came of them: the model is told of all at once.
    responses: Vec<FunctionResponse>,
    number: u64,
}

#[derive(Debug)]
struct Called {
    id: Option<String>,
    name: String,
}

impl Conversation {
    /// A session that begins with its setup.
    pub(super) fn new(config: &Config, place: Place, setup: &Setup, input: SampleRate) -> Self {
        let mut talk = Headstrong::default();
        talk.outlet
            .send(&ClientMessage::Setup(Box::new(config.set_up(setup))));
        let resumes = setup.resume.is_some();
        Self {
            place,
            talk,
            stood: if resumes { Stood::Resuming } else { Stood::Opening },
            mime_type: format!("audio/pcm;rate={}", input.hz()),
            history: if resumes {
                Arc::new([])
            } else {
                setup.history.clone()
            },
            tools: Tools::default(),
            handle: None,
            renewal: config.renewal,
            leaving: false,
        }
    }

    fn message(&mut self, message: ServerMessage<'_>) {
        if let Some(usage) = message.usage_metadata {
            self.talk.outlet.charge(usage.into());
        }
        if message.setup_complete.is_some() {
            self.set_up();
        }
        if let Some(update) = message.session_resumption_update {
            self.resumption(update);
        }
        if let Some(content) = message.server_content {
            self.content(content);
        }
        if let Some(call) = message.tool_call {
            self.tools_called(call.function_calls);
        }
        if let Some(cancellation) = message.tool_call_cancellation {
            self.tools_cancelled(cancellation.ids);
        }
        if let Some(leave) = message.go_away {
            self.leaves(&leave);
        }
        if let Some(error) = message.error {
            let failure = self.place.of_error(&error, &[]);
            self.talk.outlet.fail(failure.kind, failure.message);
        }
    }

    fn set_up(&mut self) {
        if self.stood == Stood::Talking {
            return;
        }
        self.stood = Stood::Talking;
        if !self.history.is_empty() {
            let turns = self.history.iter().map(said).collect();
            self.send(&ClientMessage::ClientContent(ClientContent {
                turns,
                turn_complete: true,
            }));
            self.history = Arc::new([]);
        }
        self.talk.outlet.tell(EngineEvent::Ready);
    }

    /// An update without a handle says that the session cannot be taken up at this moment; the last one still can.
    fn resumption(&mut self, update: ResumptionUpdate) {
        if let Some(handle) = update.new_handle.filter(|h| update.resumable && !h.is_empty()) {
            self.handle = Some(handle);
        }
    }

    fn content(&mut self, content: ServerContent<'_>) {
        if let Some(words) = content.input_transcription {
            self.heard(&words.text.unwrap_or_default());
            if words.finished {
                self.talk.settle();
            }
        }
        if content.interrupted {
            self.talk.interrupted();
        }
        // Text goes first: it is of the audio that comes with it.
        if let Some(words) = content.output_transcription.and_then(|words| words.text)
            && !words.is_empty()
        {
            self.talk.begin();
            self.talk.text(words);
        }
        let parts = content.model_turn.into_iter().flat_map(|turn| turn.parts);
        for audio in parts.filter_map(|part| part.inline_data) {
            self.audio(&audio);
        }
        if content.generation_complete || content.turn_complete {
            self.talk.done();
            self.talk.settle();
        }
        if let Some(reason) = content.turn_complete_reason {
            warn!(reason, "Gemini ended a turn");
        }
    }

    /// The server knows of no interruption where it has said all that it had to say, but the caller may still be hearing it.
    fn heard(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        if self.talk.is_spoken_into() && !words.trim().is_empty() {
            self.talk.interrupted();
        }
        self.talk.words(words);
    }

    fn audio(&mut self, audio: &InlineData<'_>) {
        let Some(parameters) = audio.mime_type.strip_prefix("audio/pcm") else {
            return debug!(kind = &*audio.mime_type, "a part that is no audio");
        };
        let rate = parameters.split(';').find_map(|p| p.trim().strip_prefix("rate="));
        if let Some(rate) = rate.filter(|rate| rate.parse() != Ok(OUTPUT.hz())) {
            let rate: String = rate.chars().take(8).collect();
            let what = format!("Gemini sent audio of {rate} Hz where {OUTPUT} is its rate");
            return self.fail(FailureKind::Protocol, &what);
        }
        let Ok(bytes) = STANDARD.decode(&*audio.data) else {
            return self.fail(FailureKind::Protocol, "Gemini sent audio that is not base64");
        };
        self.talk.begin();
        self.talk.audio(&bytes);
    }

    /// A tool is called within an answer, which ends with that: what the model says of the results is another. The server's turn
    /// goes on, so no sign of its end settles the caller's words.
    fn tools_called(&mut self, calls: Vec<FunctionCall>) {
        self.talk.begin_anew();
        self.talk.settle();
        for call in calls {
            let id = self.tools.admit(call.id, &call.name);
            let arguments = Value::Object(call.args.unwrap_or_default());
            self.talk.outlet.tell(EngineEvent::ToolCall {
                id,
                name: call.name,
                arguments,
            });
        }
        self.talk.done();
    }

    fn tools_cancelled(&mut self, ids: Vec<String>) {
        for id in ids {
            self.tools.responses.retain(|r| r.id.as_ref() != Some(&id));
            let id = ToolCallId(id);
            if self.tools.called.remove(&id).is_some() {
                self.talk.outlet.tell(EngineEvent::ToolCancelled { id });
            }
        }
        self.respond_if_all_is_known();
    }

    fn tool_result(&mut self, id: &ToolCallId, ok: bool, result: &str) {
        let Some(called) = self.tools.called.remove(id) else {
            return debug!("the result of a tool that nobody waits for");
        };
        self.tools.responses.push(FunctionResponse {
            id: called.id,
            name: called.name,
            response: response(ok, result),
        });
        self.respond_if_all_is_known();
    }

    fn respond_if_all_is_known(&mut self) {
        if !self.tools.called.is_empty() || self.tools.responses.is_empty() {
            return;
        }
        let function_responses = std::mem::take(&mut self.tools.responses);
        self.send(&ClientMessage::ToolResponse(ToolResponse { function_responses }));
        self.talk.expect_follow_up();
    }

    fn leaves(&mut self, leave: &GoAway) {
        let left = leave.time_left.as_deref().unwrap_or_default();
        let seconds = left.strip_suffix('s').and_then(|s| s.parse().ok());
        let within = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        self.expiring(within.unwrap_or_default());
    }

    fn expiring(&mut self, within: Duration) {
        if !std::mem::replace(&mut self.leaving, true) {
            self.talk.outlet.expiring(within, self.handle.clone());
        }
    }

    /// Text that the model answers at once, whatever it is saying.
    fn tell_model(&mut self, text: String) {
        self.send(&ClientMessage::RealtimeInput(RealtimeInput::Text(text)));
    }

    fn send(&mut self, message: &ClientMessage) {
        self.talk.outlet.send(message);
    }
}

impl Tools {
    /// Remembers a call by its id, or by one of ours where it has none.
    fn admit(&mut self, id: Option<String>, name: &str) -> ToolCallId {
        self.number += 1;
        let ours = || format!("call_{}", self.number);
        let known = ToolCallId(id.clone().unwrap_or_else(ours));
        let name = name.to_owned();
        self.called.insert(known.clone(), Called { id, name });
        known
    }
}

fn said(exchange: &Exchange) -> Said {
    Said {
        role: match exchange.role {
            call::Role::User => Role::User,
            call::Role::Assistant => Role::Model,
        },
        parts: [Text {
            text: exchange.text.clone(),
        }],
    }
}

/// What came of a tool, as the API wants it: an object.
fn response(ok: bool, result: &str) -> Value {
    if !ok {
        return json!({ "error": result });
    }
    let output = serde_json::from_str(result).unwrap_or_else(|_| Value::from(result));
    json!({ "output": output })
}

impl Protocol for Conversation {
    fn is_ready(&self) -> bool {
        self.stood == Stood::Talking && !self.is_failed()
    }

    fn is_failed(&self) -> bool {
        self.talk.outlet.is_failed()
    }

    /// The API sends its JSON in binary messages.
    fn receive(&mut self, message: Received<'_>) {
        let bytes = match message {
            Received::Text(text) => text.as_bytes(),
            Received::Binary(bytes) => bytes,
        };
        match serde_json::from_slice(bytes) {
            Ok(message) => self.message(message),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let what =
                    format!("Gemini sent a message that cannot be read (line {line}, column {column})");
                self.fail(FailureKind::Protocol, &what);
            }
        }
    }

    fn command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::TurnStarted { turn } => self.talk.turn_started(turn),
            EngineCommand::Discard { turn } => self.talk.discard(turn),
            EngineCommand::Interrupt { answer, .. } => self.talk.stop_from(answer),
            EngineCommand::ToolResult { id, ok, result } => self.tool_result(&id, ok, &result),
            EngineCommand::Dtmf { digit } => {
                self.tell_model(format!("The caller pressed key {} on the phone.", digit.key()));
                self.talk.expect_follow_up();
            }
            // The server transcribes and answers by itself; reprompts and fixed texts are the call's own, since this engine is not
            // verbatim.
            EngineCommand::Respond { .. }
            | EngineCommand::Transcribe { .. }
            | EngineCommand::NoInput
            | EngineCommand::Say { .. } => {}
        }
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.tell_model(words);
        self.talk.asked(turn);
    }

    fn hear(&mut self, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let blob = Blob {
            data: STANDARD.encode(bytes),
            mime_type: self.mime_type.clone(),
        };
        self.send(&ClientMessage::RealtimeInput(RealtimeInput::Audio(blob)));
    }

    fn overflow(&mut self, answer: AnswerId) {
        self.talk.stop_from(answer);
    }

    fn closed(&mut self, code: u16, reason: &str) {
        let (kind, message) = failure::of_close(code, reason, self.stood, &self.place);
        self.talk.outlet.fail(kind, message);
    }

    fn fail(&mut self, kind: FailureKind, what: &str) {
        let message = failure::with_remedy(kind, what, &self.place);
        self.talk.outlet.fail(kind, message);
    }

    fn lasts(&mut self, so_far: Duration) {
        if so_far >= self.renewal {
            self.expiring(UNANNOUNCED);
        }
    }

    fn poll_action(&mut self) -> Option<Action> {
        self.talk.outlet.poll()
    }
}
