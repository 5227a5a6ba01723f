//! The trait of a speech engine.

use crate::Usage;
use audio::SampleRate;
use call::{AnswerId, Capabilities, EngineCommand, EngineEvent, FailureKind, Role, TurnId};
use futures_util::future::BoxFuture;
use secretary::{CallUuid, DomainUuid, Secretary};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// What a session is told about the call.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The tenant whose call it is: what an engine remembers of its failures is remembered by tenant.
    pub domain: DomainUuid,
    /// The call, for the operator's log alone.
    pub call: CallUuid,
    /// Who speaks.
    pub secretary: Arc<Secretary>,
    /// The leg's rate. An engine that can choose its own rates takes it and so saves a conversion.
    pub rate: SampleRate,
    /// The tools that the call offers, by name; an engine asks for others in vain.
    pub tools: Arc<[ToolSpec]>,
    /// What was said before, in its order: empty for a call that begins, else what another session of the same call leaves. The
    /// secretary's greeting is not in it (the secretary has it) unless more was said.
    pub history: Arc<[Exchange]>,
    /// What the session before gave with [`Event::Expiring`]. Only the engine that gave it is ever given it; where it does not open
    /// that session again, `history` must do.
    pub resume: Option<String>,
}

impl Setup {
    /// What a call begins with: nothing was said yet.
    pub fn new(
        domain: DomainUuid,
        call: CallUuid,
        secretary: Arc<Secretary>,
        rate: SampleRate,
        tools: Arc<[ToolSpec]>,
    ) -> Self {
        Self {
            domain,
            call,
            secretary,
            rate,
            tools,
            history: Arc::new([]),
            resume: None,
        }
    }
}

/// Something that was said in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Who said it.
    pub role: Role,
    /// The words; of the secretary, those that the caller heard.
    pub text: String,
}

/// A tool as an engine is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// The name by which it is called.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: serde_json::Value,
}

/// A speech engine, shared by all calls.
pub trait Engine: Send + Sync {
    /// Its name in configuration, logs and metrics.
    fn name(&self) -> &str;

    /// What it can do and what it leaves to the call.
    fn capabilities(&self) -> Capabilities;

    /// Opens a session. The future is dropped when the call ends meanwhile.
    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>>;
}

/// Why no session could be opened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ConnectError {
    /// What can be done about it.
    pub kind: FailureKind,
    /// What failed, with which value, and what would be right. Never a secret.
    pub message: String,
}

/// What a session reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Samples of this answer at [`Session::output_rate`] were appended to the `pcm` argument of [`Session::poll_event`].
    Audio {
        /// The answer.
        answer: AnswerId,
    },
    /// Where the time before the first audio of an answer went; told once, right before that audio, by an engine that knows.
    Latency(Latency),
    /// From here on (until it is told `false`) the caller's words and keys, and the secretary's words, which may read them back,
    /// are for nobody else: a value that the secretary's `privacy` calls sensitive is asked for.
    Sensitive(bool),
    /// What the provider will charge for, since this was last told.
    Usage(Usage),
    /// The provider will soon end the session, which goes on until then: another is to be opened in its place.
    Expiring {
        /// How long it still lasts.
        within: Duration,
        /// What opens the next session with this one's memory ([`Setup::resume`]), where the provider has that.
        resume: Option<String>,
    },
    /// Anything else.
    Engine(EngineEvent),
}

/// The parts of the time between the wish for an answer and its first audio, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// The answer.
    pub answer: AnswerId,
    /// From [`EngineCommand::Respond`] until the words were there: 0 if they had been found during the pause before.
    pub stt_ms: u64,
    /// From the words (or the key, the result of a tool) to the first clause of the answer.
    pub brain_ms: u64,
    /// How much of that went by before the language model's first token, where there is one.
    pub token_ms: Option<u64>,
    /// From the first clause to its first audio.
    pub tts_ms: u64,
}

/// One call's use of an engine. Dropping it ends everything that it started.
pub trait Session: Send {
    /// The rate at which it hears; the driver converts to it.
    fn input_rate(&self) -> SampleRate;

    /// The rate of its audio.
    fn output_rate(&self) -> SampleRate;

    /// Hears a piece of the caller's audio, mono at [`Session::input_rate`]. Never waits: a full queue drops its oldest and
    /// counts it ([`Session::dropped_ms`]).
    fn hear(&mut self, samples: &[i16]);

    /// Takes a command. Never waits.
    fn command(&mut self, command: EngineCommand);

    /// Answers a turn of which another session of the call has heard the words: told once, to a session that has just begun and
    /// whose [`Setup::history`] ends before them. Its answer has the cause [`call::Cause::Turn`]. Never waits.
    fn ask(&mut self, turn: TurnId, words: String);

    /// The next event. Samples that belong to an [`Event::Audio`] are appended to `pcm`, which the caller empties. After
    /// [`EngineEvent::Failed`] it stays pending for ever.
    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event>;

    /// Milliseconds of the caller's audio that could not be delivered so far.
    fn dropped_ms(&self) -> u64 {
        0
    }
}
