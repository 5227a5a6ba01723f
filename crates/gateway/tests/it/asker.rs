//! An engine of the tests' own that says nothing, and uses tools when the test says so.

use crate::chime::said;
use audio::SampleRate;
use call::{AnswerId, By, Capabilities, Cause, EngineCommand, EngineEvent, FailureKind, ToolCallId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use tokio::sync::{mpsc, watch};
use voice::{ConnectError, Engine, Event, Session, Setup};

/// What became of a tool: its name, whether it did what was asked, and what the engine was told.
type Results = Vec<(String, bool, String)>;

/// The engine. It takes the place of `openai`.
#[derive(Clone)]
pub(crate) struct Asker {
    asks: mpsc::UnboundedSender<EngineEvent>,
    /// For the session of its one call.
    asked: Arc<Mutex<Option<mpsc::UnboundedReceiver<EngineEvent>>>>,
    results: watch::Sender<Results>,
    /// How many samples it has heard that are no silence.
    heard: watch::Sender<usize>,
    of_failures: Says,
}

/// What it says of a tool that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    /// A second of [`said`].
    ASecond,
}

impl Asker {
    pub(crate) fn new() -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        Self {
            asks,
            asked: Arc::new(Mutex::new(Some(asked))),
            results: watch::Sender::new(Vec::new()),
            heard: watch::Sender::new(0),
            of_failures: Says::Nothing,
        }
    }

    /// One that says a second of [`said`] as soon as a tool has come to nothing.
    pub(crate) fn talking_of_failures() -> Self {
        Self {
            of_failures: Says::ASecond,
            ..Self::new()
        }
    }

    /// It fails for good.
    pub(crate) fn dies(&self) {
        let failed = EngineEvent::Failed {
            kind: FailureKind::Quota,
            message: "no credit is left".to_owned(),
        };
        let _ = self.asks.send(failed);
    }

    /// How many samples it has heard so far that are no silence.
    pub(crate) fn heard(&self) -> usize {
        *self.heard.borrow()
    }

    /// Uses a tool.
    pub(crate) fn uses(&self, tool: &str, arguments: Value) {
        let call = EngineEvent::ToolCall {
            id: ToolCallId(tool.to_owned()),
            name: tool.to_owned(),
            arguments,
        };
        let _ = self.asks.send(call);
    }

    /// What it was told of the tool that was used last under this name.
    pub(crate) async fn told(&self, tool: &str) -> (bool, String) {
        let mut results = self.results.subscribe();
        let of_tool = |results: &Results| results.iter().rfind(|(name, ..)| name == tool).cloned();
        let results = results.wait_for(|results| of_tool(results).is_some()).await;
        let (_, ok, words) = of_tool(&results.unwrap()).unwrap();
        (ok, words)
    }

    /// The same, of a tool that is used now, whatever was used before.
    pub(crate) async fn has_used(&self, tool: &str, arguments: Value) -> (bool, String) {
        let before = self.results.borrow().len();
        self.uses(tool, arguments);
        let mut results = self.results.subscribe();
        let results = results.wait_for(|results| results.len() > before).await;
        let (name, ok, words) = results.unwrap()[before].clone();
        assert_eq!(name, tool);
        (ok, words)
    }
}

impl Engine for Asker {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Engine,
            interruptions: By::Call,
            verbatim: false,
            truncation: true,
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let session = Asking {
            rate: setup.rate,
            ready: false,
            asked: self.asked.lock().unwrap().take(),
            results: self.results.clone(),
            heard: self.heard.clone(),
            of_failures: self.of_failures,
            to_say: VecDeque::new(),
        };
        async { Ok(Box::new(session) as Box<dyn Session>) }.boxed()
    }
}

struct Asking {
    rate: SampleRate,
    ready: bool,
    /// None in every call but the first.
    asked: Option<mpsc::UnboundedReceiver<EngineEvent>>,
    results: watch::Sender<Results>,
    heard: watch::Sender<usize>,
    of_failures: Says,
    to_say: VecDeque<Event>,
}

impl Session for Asking {
    fn input_rate(&self) -> SampleRate {
        self.rate
    }

    fn output_rate(&self) -> SampleRate {
        self.rate
    }

    fn hear(&mut self, samples: &[i16]) {
        let loud = samples
            .iter()
            .filter(|sample| sample.unsigned_abs() > 400)
            .count();
        if loud > 0 {
            self.heard.send_modify(|heard| *heard += loud);
        }
    }

    fn command(&mut self, command: EngineCommand) {
        if let EngineCommand::ToolResult { id, ok, result } = command {
            self.results
                .send_modify(|results| results.push((id.0, ok, result)));
            if !ok && self.of_failures == Says::ASecond {
                let answer = AnswerId(1);
                let cause = Cause::Own;
                self.to_say.extend([
                    Event::Engine(EngineEvent::AnswerStarted { answer, cause }),
                    Event::Audio { answer },
                    Event::Engine(EngineEvent::AnswerDone { answer }),
                ]);
            }
        }
    }
    fn ask(&mut self, _turn: call::TurnId, _words: String) {}

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        if !std::mem::replace(&mut self.ready, true) {
            return Poll::Ready(Event::Engine(EngineEvent::Ready));
        }
        if let Some(event) = self.to_say.pop_front() {
            if let Event::Audio { .. } = event {
                pcm.extend(said().take(self.rate.hz() as usize));
            }
            return Poll::Ready(event);
        }
        match &mut self.asked {
            Some(asked) => match ready!(asked.poll_recv(cx)) {
                Some(event) => Poll::Ready(Event::Engine(event)),
                None => Poll::Pending,
            },
            None => Poll::Pending,
        }
    }
}
