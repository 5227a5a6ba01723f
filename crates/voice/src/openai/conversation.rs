//! The protocol of one session, without its socket: the server's events and the call's commands go in, what is to be sent
//! and told comes out.

mod errors;

use super::answers::{Answers, Begun, Stopped};
use super::connect::is_plain;
use super::dialect::Dialect;
use super::failure::{self, Names};
use super::protocol::{ClientEvent, ErrorBody, NewItem, Response, ServerEvent, SessionConfig, Status};
use super::turns::Turns;
use crate::realtime::{Action, Outlet, Protocol, Received};
use audio::SampleRate;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call::{
    AnswerId, By, Cause, Digit, EngineCommand, EngineEvent, FailureKind, PlayedMs, ToolCallId, TurnId,
};
use errors::cause;
use std::collections::BTreeSet;
use std::time::Duration;
use tracing::{debug, warn};

/// How long before the longest session's end another is asked for.
const BEFORE_END: Duration = Duration::from_secs(300);

/// What a session begins with.
#[derive(Debug)]
pub(super) struct Opening {
    /// What it is told first.
    pub(super) session: SessionConfig,
    /// What was said before.
    pub(super) history: Vec<NewItem>,
    /// The rate of its answers' audio.
    pub(super) output: SampleRate,
    /// What messages name.
    pub(super) names: Names,
    /// How long it may last.
    pub(super) longest: Duration,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The server has not greeted yet.
    Opening,
    /// It was told the configuration.
    Configuring,
    /// It may be spoken to.
    Ready,
}

/// One session's protocol.
#[derive(Debug)]
pub(super) struct Conversation {
    stage: Stage,
    names: Names,
    dialect: Dialect,
    config: Option<Box<SessionConfig>>,
    history: Vec<NewItem>,
    longest: Duration,
    expiring: bool,
    /// What resumes the conversation, where the provider has that.
    resume: Option<String>,
    answers: Answers,
    turns: Turns,
    /// The call and the name of the tool whose arguments are being written.
    called: Option<(String, String)>,
    /// Tools that were called and have not come to an end.
    tools: BTreeSet<ToolCallId>,
    sent: u64,
    outlet: Outlet,
}

impl Conversation {
    /// A session that is to begin like this.
    pub(super) fn new(opening: Opening) -> Self {
        Self {
            stage: Stage::Opening,
            dialect: opening.names.dialect,
            names: opening.names,
            config: Some(Box::new(opening.session)),
            history: opening.history,
            longest: opening.longest,
            expiring: false,
            resume: None,
            answers: Answers::new(opening.output),
            turns: Turns::default(),
            called: None,
            tools: BTreeSet::new(),
            sent: 0,
            outlet: Outlet::default(),
        }
    }

    /// Has failed for a reason that names the remedy itself.
    fn fail_with(&mut self, kind: FailureKind, message: String) {
        self.outlet.fail(kind, message);
    }

    fn server(&mut self, event: ServerEvent<'_>, text: &str) {
        match event {
            ServerEvent::SessionCreated => self.configure(),
            ServerEvent::ConversationCreated { conversation } => self.conversation_created(conversation.id),
            ServerEvent::SessionUpdated => self.configured(),
            ServerEvent::SpeechStarted { item_id } => self.speech_started(item_id),
            ServerEvent::SpeechStopped { item_id } => self.item_ended(item_id),
            ServerEvent::Committed { item_id } => self.item_committed(item_id),
            ServerEvent::TranscriptDelta { item_id, delta } => {
                let heard = self.turns.words(item_id, delta.as_deref().unwrap_or_default());
                self.tell_if_any(heard);
            }
            ServerEvent::TranscriptUpdated { item_id, transcript } => {
                let heard = self.turns.words_so_far(item_id, transcript);
                self.tell_if_any(heard);
            }
            ServerEvent::TranscriptCompleted {
                item_id,
                transcript,
                usage,
            } => {
                self.charge(usage);
                let heard = self.turns.settled(item_id, transcript);
                self.tell_if_any(heard);
            }
            ServerEvent::TranscriptFailed { item_id, error } => {
                warn!(
                    reason = self.names.message_of(failure::kind_of(&error), &error),
                    "a turn could not be transcribed"
                );
                let heard = self.turns.failed(item_id);
                self.tell_if_any(heard);
            }
            ServerEvent::ResponseCreated { response } => self.response_created(response.id),
            ServerEvent::OutputAudio {
                response_id,
                item_id,
                delta,
            } => self.audio(&response_id, item_id, &delta),
            ServerEvent::OutputText { response_id, delta } => self.text(&response_id, delta),
            ServerEvent::ItemAdded { item } => self.called = item.call_id.zip(item.name),
            ServerEvent::FunctionCall {
                response_id,
                call_id,
                name,
                arguments,
            } => {
                let name = name.unwrap_or_else(|| self.name_of(&call_id));
                self.tool_call(&response_id, call_id, name, &arguments);
            }
            ServerEvent::ResponseDone { mut response } => {
                self.charge(response.usage.take());
                self.response_done(&response);
            }
            ServerEvent::Error { error } => self.error(&error),
            ServerEvent::Other => debug!(bytes = text.len(), "an event that means nothing here"),
        }
    }

    fn configure(&mut self) {
        let Some(session) = self.config.take() else {
            return;
        };
        self.stage = Stage::Configuring;
        let event_id = self.event_id(cause::CONFIGURE);
        self.send(&ClientEvent::UpdateSession { event_id, session });
    }

    fn configured(&mut self) {
        if self.stage != Stage::Configuring {
            return;
        }
        self.stage = Stage::Ready;
        for item in std::mem::take(&mut self.history) {
            let event_id = self.event_id(cause::ITEM);
            self.send(&ClientEvent::CreateItem { event_id, item });
        }
        self.tell(EngineEvent::Ready);
    }

    /// xAI begins with this, and resumes a conversation by its id.
    fn conversation_created(&mut self, id: String) {
        if self.dialect == Dialect::Xai {
            self.resume = Some(id).filter(|id| is_plain(id));
            self.configure();
        }
    }

    /// A server that leads has stopped its answer, or would have, were it not complete.
    fn speech_started(&mut self, item_id: String) {
        self.turns.speech_started(item_id);
        if self.dialect.leads() == By::Call {
            return;
        }
        let Some(answer) = self.answers.spoken_into() else {
            return;
        };
        self.tell(EngineEvent::Interrupted { answer });
        for answer in self.answers.stop_from(answer).ended {
            self.tell(EngineEvent::AnswerDone { answer });
        }
    }

    fn item_ended(&mut self, item_id: String) {
        if self.turns.ended(item_id) {
            self.tell(EngineEvent::TurnEnded);
        }
    }

    fn item_committed(&mut self, item_id: String) {
        self.item_ended(item_id.clone());
        if self.turns.committed(item_id.clone()) && self.dialect.takes_back() {
            self.delete(item_id);
        }
    }

    fn response_created(&mut self, response_id: String) {
        let own = match self.dialect.leads() {
            By::Call => Cause::Own,
            By::Engine => self.turns.answered().map_or(Cause::Own, Cause::Turn),
        };
        match self.answers.begun(response_id.clone(), own) {
            Begun::Answer(answer, cause) => self.tell(EngineEvent::AnswerStarted { answer, cause }),
            Begun::Unwanted => self.cancel(response_id),
        }
    }

    fn audio(&mut self, response_id: &str, item_id: String, delta: &str) {
        let Ok(bytes) = STANDARD.decode(delta) else {
            let what = format!("{} sent audio that is not base64", self.names.provider());
            self.fail(FailureKind::Protocol, &what);
            return;
        };
        if let Some((answer, samples)) = self.answers.audio(response_id, item_id, &bytes) {
            self.outlet.audio(answer, samples);
        }
    }

    fn text(&mut self, response_id: &str, text: String) {
        if let Some(answer) = self.answers.current(response_id) {
            self.tell(EngineEvent::AnswerText {
                answer,
                text,
                at_ms: None,
            });
        }
    }

    /// The tool that a call's item named.
    fn name_of(&self, call_id: &str) -> String {
        let named = self.called.as_ref().filter(|(call, _)| call == call_id);
        named.map(|(_, name)| name.clone()).unwrap_or_default()
    }

    fn tool_call(&mut self, response_id: &str, call_id: String, name: String, arguments: &str) {
        if self.answers.current(response_id).is_none() {
            return;
        }
        let arguments = if arguments.trim().is_empty() {
            "{}"
        } else {
            arguments
        };
        let Ok(arguments @ serde_json::Value::Object(_)) = serde_json::from_str(arguments) else {
            warn!(
                tool = name,
                "the model called a tool with arguments that are no object; it is told so"
            );
            self.tool_output(
                call_id,
                "{\"error\":\"the arguments are not a JSON object\"}".into(),
            );
            return;
        };
        let id = ToolCallId(call_id);
        self.tools.insert(id.clone());
        self.tell(EngineEvent::ToolCall { id, name, arguments });
    }

    fn response_done(&mut self, response: &Response) {
        let answer = self.answers.finished(&response.id);
        if let Some(answer) = answer {
            self.tell(EngineEvent::AnswerDone { answer });
        }
        let details = response.status_details.as_ref();
        match response.status {
            Some(Status::Failed) if answer.is_some() => {
                let unknown = ErrorBody::default();
                let error = details.and_then(|d| d.error.as_ref()).unwrap_or(&unknown);
                let kind = failure::kind_of(error);
                self.fail_with(kind, self.names.message_of(kind, error));
            }
            Some(Status::Incomplete) => {
                let reason = details.and_then(|d| d.reason.as_deref()).unwrap_or("no reason");
                warn!(reason, "an answer was cut short");
            }
            _ => {}
        }
    }

    fn respond(&mut self, turn: TurnId) {
        let stopped = self.answers.supersede();
        self.stop(stopped);
        self.answers.want(Cause::Turn(turn));
    }

    fn discard(&mut self, turn: TurnId) {
        let forgotten = self.turns.discard(turn);
        if self.dialect.takes_back() {
            for item_id in forgotten {
                self.delete(item_id);
            }
        }
    }

    fn interrupt(&mut self, answer: AnswerId, heard: PlayedMs) {
        let stopped = self.answers.stop_from(answer);
        self.stop(stopped);
        if !self.dialect.takes_back() {
            return;
        }
        for truncation in self.answers.truncate_from(answer, heard) {
            let event_id = self.event_id(cause::TRUNCATE);
            self.send(&ClientEvent::TruncateItem {
                event_id,
                item_id: truncation.item_id,
                content_index: 0,
                audio_end_ms: truncation.audio_end_ms,
            });
        }
    }

    fn tool_result(&mut self, id: ToolCallId, ok: bool, result: String) {
        if !self.tools.remove(&id) {
            debug!("the result of a tool that nobody called");
            return;
        }
        let output = if ok {
            result
        } else {
            serde_json::json!({ "error": result }).to_string()
        };
        self.tool_output(id.0, output);
    }

    fn tool_output(&mut self, call_id: String, output: String) {
        let event_id = self.event_id(cause::ITEM);
        self.send(&ClientEvent::CreateItem {
            event_id,
            item: NewItem::FunctionCallOutput { call_id, output },
        });
        self.answers.want(Cause::FollowUp);
    }

    fn key(&mut self, digit: Digit) {
        let text = format!("The caller pressed key {} on the phone.", digit.key());
        let event_id = self.event_id(cause::ITEM);
        self.send(&ClientEvent::CreateItem {
            event_id,
            item: NewItem::user_text(text),
        });
        self.answers.want(Cause::FollowUp);
    }

    fn stop(&mut self, stopped: Stopped) {
        for response_id in stopped.cancel {
            self.cancel(response_id);
        }
        for answer in stopped.ended {
            self.tell(EngineEvent::AnswerDone { answer });
        }
    }

    fn cancel(&mut self, response_id: String) {
        let event_id = self.event_id(cause::CANCEL);
        self.send(&ClientEvent::CancelResponse {
            event_id,
            response_id,
        });
    }

    fn delete(&mut self, item_id: String) {
        let event_id = self.event_id(cause::DELETE);
        self.send(&ClientEvent::DeleteItem { event_id, item_id });
    }

    fn ask_for_what_is_wanted(&mut self) {
        if !self.is_ready() {
            return;
        }
        let Some(cause) = self.answers.next_wanted(!self.tools.is_empty()) else {
            return;
        };
        let event_id = self.event_id(cause::RESPOND);
        self.answers.requested(event_id.clone(), cause);
        self.send(&ClientEvent::CreateResponse { event_id });
    }

    fn event_id(&mut self, what: &str) -> String {
        self.sent += 1;
        format!("{what}_{}", self.sent)
    }

    fn send(&mut self, event: &ClientEvent) {
        self.outlet.send(event);
    }

    fn charge(&mut self, usage: Option<impl Into<crate::Usage>>) {
        if let Some(usage) = usage {
            self.outlet.charge(usage.into());
        }
    }

    fn tell(&mut self, event: EngineEvent) {
        self.outlet.tell(event);
    }

    fn tell_if_any(&mut self, event: Option<EngineEvent>) {
        if let Some(event) = event {
            self.tell(event);
        }
    }
}

impl Protocol for Conversation {
    /// Before it is configured, the server would take audio and commands by its own defaults.
    fn is_ready(&self) -> bool {
        self.stage == Stage::Ready && !self.is_failed()
    }

    fn is_failed(&self) -> bool {
        self.outlet.is_failed()
    }

    fn receive(&mut self, message: Received<'_>) {
        let text = match message {
            Received::Text(text) => text,
            Received::Binary(_) => {
                let what = format!("{} sent binary data", self.names.provider());
                return self.fail(FailureKind::Protocol, &what);
            }
        };
        match serde_json::from_str(text) {
            Ok(event) => self.server(event, text),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let provider = self.names.provider();
                let what =
                    format!("{provider} sent an event that cannot be read (line {line}, column {column})");
                self.fail(FailureKind::Protocol, &what);
            }
        }
        self.ask_for_what_is_wanted();
    }

    fn command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::TurnStarted { turn } => self.turns.started(turn),
            EngineCommand::Respond { turn } if self.dialect.leads() == By::Call => self.respond(turn),
            EngineCommand::Discard { turn } => self.discard(turn),
            EngineCommand::Interrupt { answer, heard, .. } => self.interrupt(answer, heard),
            EngineCommand::ToolResult { id, ok, result } => self.tool_result(id, ok, result),
            EngineCommand::Dtmf { digit } => self.key(digit),
            // The server transcribes by itself, and answers by itself where it leads; reprompts and fixed texts are the call's own, since this engine is not verbatim.
            EngineCommand::Transcribe { .. }
            | EngineCommand::Respond { .. }
            | EngineCommand::NoInput
            | EngineCommand::Say { .. } => {}
        }
        self.ask_for_what_is_wanted();
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        let event_id = self.event_id(cause::ITEM);
        self.send(&ClientEvent::CreateItem {
            event_id,
            item: NewItem::user_text(words),
        });
        self.respond(turn);
        self.ask_for_what_is_wanted();
    }

    fn hear(&mut self, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        self.send(&ClientEvent::Append {
            audio: STANDARD.encode(bytes),
        });
    }

    fn overflow(&mut self, answer: AnswerId) {
        let stopped = self.answers.stop_from(answer);
        self.stop(stopped);
    }

    fn closed(&mut self, code: u16, reason: &str) {
        let (kind, message) = self.names.of_close(code, reason);
        self.fail_with(kind, message);
    }

    fn fail(&mut self, kind: FailureKind, what: &str) {
        self.fail_with(kind, self.names.plain(kind, what));
    }

    fn lasts(&mut self, so_far: Duration) {
        let left = self.longest.saturating_sub(so_far);
        let enough = BEFORE_END.min(self.longest / 12);
        if self.is_ready() && left <= enough && !std::mem::replace(&mut self.expiring, true) {
            self.outlet.expiring(left, self.resume.clone());
        }
    }

    fn poll_action(&mut self) -> Option<Action> {
        self.outlet.poll()
    }
}

#[cfg(test)]
mod tests;
