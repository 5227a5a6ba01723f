//! An engine of the tests' own: the caller says something at once, it answers, takes a message and asks for money.

use audio::SampleRate;
use call::{AnswerId, By, Capabilities, Cause, EngineCommand, EngineEvent, FailureKind, ToolCallId, TurnId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use voice::{ConnectError, Engine, Event, Session, Setup, Usage};

/// What happens in each of its calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Talk {
    /// What the caller says.
    pub(crate) words: String,
    /// What it answers.
    pub(crate) answer: String,
    /// Whether what the caller says is for nobody else.
    pub(crate) sensitive: bool,
    /// The message that it takes.
    pub(crate) message: Option<Value>,
    /// Tools that it uses besides.
    pub(crate) tools: Vec<(&'static str, Value)>,
    /// What its provider counts.
    pub(crate) usage: Usage,
    /// Whether it fails after all this.
    pub(crate) fails: bool,
}

/// The engine. It takes the place of `openai` so that its prices count.
#[derive(Clone, Default)]
pub(crate) struct Talker {
    talk: Talk,
    /// What became of the tools so far.
    results: Arc<Mutex<Vec<(bool, String)>>>,
}

impl Talker {
    pub(crate) fn new(talk: Talk) -> Self {
        Self {
            talk,
            ..Self::default()
        }
    }

    /// What became of the tools, once all have answered.
    pub(crate) async fn answered(&self) -> Vec<(bool, String)> {
        let tools = self.talk.tools.len() + usize::from(self.talk.message.is_some());
        let answered = async {
            loop {
                let results = self.results.lock().unwrap().clone();
                if results.len() >= tools {
                    return results;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), answered)
            .await
            .expect("the tools answer")
    }
}

impl Engine for Talker {
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

    fn connect(&self, _: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let begun = [EngineEvent::Ready, EngineEvent::TurnEnded];
        let session = Conversation {
            talker: self.clone(),
            events: begun.map(Event::Engine).into(),
            waker: None,
        };
        async { Ok(Box::new(session) as Box<dyn Session>) }.boxed()
    }
}

struct Conversation {
    talker: Talker,
    events: VecDeque<Event>,
    waker: Option<Waker>,
}

impl Conversation {
    fn tell(&mut self, event: EngineEvent) {
        self.events.push_back(Event::Engine(event));
    }

    fn answer(&mut self, turn: TurnId) {
        let talk = self.talker.talk.clone();
        let answer = AnswerId(1);
        self.events.push_back(Event::Sensitive(talk.sensitive));
        self.tell(EngineEvent::Heard {
            turn: Some(turn),
            text: talk.words,
            is_final: true,
        });
        self.events.push_back(Event::Usage(talk.usage));
        let cause = Cause::Turn(turn);
        self.tell(EngineEvent::AnswerStarted { answer, cause });
        self.tell(EngineEvent::AnswerText {
            answer,
            text: talk.answer,
            at_ms: None,
        });
        self.events.push_back(Event::Audio { answer });
        let message = talk.message.map(|arguments| ("take_message", arguments));
        for (number, (name, arguments)) in (1..).zip(message.into_iter().chain(talk.tools)) {
            let id = ToolCallId(number.to_string());
            let name = name.into();
            self.tell(EngineEvent::ToolCall { id, name, arguments });
        }
        self.tell(EngineEvent::AnswerDone { answer });
        if talk.fails {
            self.tell(EngineEvent::Failed {
                kind: FailureKind::Transient,
                message: "the test wants it so".into(),
            });
        }
    }
}

impl Session for Conversation {
    fn input_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn output_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn hear(&mut self, _: &[i16]) {}

    fn command(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::Respond { turn } => self.answer(turn),
            EngineCommand::ToolResult { ok, result, .. } => {
                self.talker.results.lock().unwrap().push((ok, result));
            }
            _ => {}
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
    fn ask(&mut self, _turn: call::TurnId, _words: String) {}

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        let Some(event) = self.events.pop_front() else {
            self.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if matches!(event, Event::Audio { .. }) {
            pcm.extend([0; 320 * 5]);
        }
        Poll::Ready(event)
    }
}
