//! One conversation with a model.

use super::dialect::{Completion, Finish, WrittenCall};
use super::facts::{Facts, GET_BUSINESS_INFO};
use super::history::History;
use super::prompt::system_prompt;
use super::request::{Endpoint, Question, with_options};
use crate::brain::{ClauseCutter, Clock, Mind, Stimulus, Thought, tools};
use crate::engine::{Exchange, ToolSpec};
use crate::service::Failure;
use call::{FailureKind, Role, ToolCallId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secretary::Secretary;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Requests that one stimulus may lead to: a model may ask for facts a few times, but not for ever.
const MOST_ROUNDS: u32 = 5;
/// Pieces of text between the socket and the one who speaks them; more wait in the socket.
const TEXTS: usize = 32;

/// A conversation.
pub(super) struct Conversation {
    endpoint: Arc<Endpoint>,
    history: History,
    tools: Vec<ToolSpec>,
    facts: Facts,
    answer: Option<Answer>,
    thoughts: VecDeque<Thought>,
    /// Tools whose results have not come.
    outstanding: Vec<String>,
    /// A result came that the model must hear of.
    go_on: bool,
    rounds: u32,
    /// The model was told of a call that it wrote wrongly.
    corrected: bool,
    answers: u64,
    /// When the first token for the last stimulus came.
    first_token: Option<Instant>,
    failed: bool,
    waker: Option<Waker>,
}

/// An answer under way. Dropping it drops the request.
struct Answer {
    asking: Option<BoxFuture<'static, Result<Completion, Failure>>>,
    texts: mpsc::Receiver<String>,
    outcome: Option<Result<Completion, Failure>>,
    cutter: ClauseCutter,
    /// What was handed out to be spoken.
    spoken: Vec<String>,
}

enum Piece {
    Text(String),
    End(Result<Completion, Failure>),
}

impl Answer {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        if let Some(asking) = &mut self.asking
            && let Poll::Ready(outcome) = asking.poll_unpin(cx)
        {
            self.outcome = Some(outcome);
            self.asking = None;
        }
        match self.texts.poll_recv(cx) {
            Poll::Ready(Some(text)) => Poll::Ready(Piece::Text(text)),
            Poll::Ready(None) | Poll::Pending => match self.outcome.take() {
                Some(outcome) => Poll::Ready(Piece::End(outcome)),
                None => Poll::Pending,
            },
        }
    }
}

impl Mind for Conversation {
    fn tell(&mut self, stimulus: Stimulus) {
        match stimulus {
            Stimulus::Words(text) => self.answer_to(|history| history.heard(&text)),
            Stimulus::Key(key) => {
                self.answer_to(|history| history.note(&format!("the caller pressed the key {}", key.key())));
            }
            Stimulus::Unheard => {
                self.answer_to(|history| history.note("the caller's words could not be understood"))
            }
            Stimulus::ToolResult { id, ok, result } => self.tool_result(&id, ok, result),
            Stimulus::NoInput => self.history.note("the caller is silent"),
            Stimulus::Said(text) => self.history.said(&text, Vec::new(), Vec::new()),
            Stimulus::Interrupted { heard } => {
                self.stop();
                self.history.cut(&heard);
            }
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn remember(&mut self, before: &[Exchange]) {
        for Exchange { role, text } in before {
            match role {
                Role::User => self.history.heard(text),
                Role::Assistant => self.history.said(text, Vec::new(), Vec::new()),
            }
        }
    }

    fn poll_thought(&mut self, cx: &mut Context<'_>) -> Poll<Thought> {
        loop {
            if let Some(thought) = self.thoughts.pop_front() {
                return Poll::Ready(self.note_spoken(thought));
            }
            let Some(answer) = &mut self.answer else { break };
            match answer.poll(cx) {
                Poll::Pending => break,
                Poll::Ready(Piece::Text(text)) => {
                    self.first_token.get_or_insert_with(Instant::now);
                    answer.cutter.push(&text);
                    let clauses = std::iter::from_fn(|| answer.cutter.next_clause());
                    self.thoughts.extend(clauses.map(Thought::Clause));
                }
                Poll::Ready(Piece::End(Ok(completion))) => self.finish(completion),
                Poll::Ready(Piece::End(Err(failure))) => self.fail(failure),
            }
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn first_token(&self) -> Option<Instant> {
        self.first_token
    }
}

impl Conversation {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        secretary: Arc<Secretary>,
        tools: &[ToolSpec],
        clock: Arc<dyn Clock>,
    ) -> Self {
        let history = History::new(
            system_prompt(&secretary, clock.now()),
            endpoint.config.history_characters,
        );
        let facts = Facts::of(secretary, clock);
        let mut tools: Vec<ToolSpec> = tools
            .iter()
            .filter(|t| t.name != GET_BUSINESS_INFO)
            .cloned()
            .collect();
        tools.extend(facts.tool());
        Self {
            endpoint,
            history,
            tools,
            facts,
            answer: None,
            thoughts: VecDeque::new(),
            outstanding: Vec::new(),
            go_on: false,
            rounds: 0,
            corrected: false,
            answers: 0,
            first_token: None,
            failed: false,
            waker: None,
        }
    }

    fn answer_to(&mut self, note: impl FnOnce(&mut History)) {
        self.stop();
        note(&mut self.history);
        self.outstanding.clear();
        self.rounds = 0;
        self.corrected = false;
        self.first_token = None;
        self.ask();
    }

    /// Ends the answer under way; what was handed out of it counts as said until the call tells otherwise.
    fn stop(&mut self) {
        for thought in std::mem::take(&mut self.thoughts) {
            match thought {
                Thought::Tool { id, .. } => {
                    self.outstanding.retain(|waiting| *waiting != id.0);
                    self.history
                        .result(&id.0, "not done: the caller interrupted".into());
                }
                // What was said in vain is charged all the same.
                Thought::Usage(_) => self.thoughts.push_back(thought),
                Thought::Clause(_) | Thought::Done | Thought::Failed { .. } => {}
            }
        }
        if let Some(answer) = self.answer.take() {
            self.history
                .said(&answer.spoken.join(" "), Vec::new(), Vec::new());
        }
    }

    fn ask(&mut self) {
        if self.failed {
            return;
        }
        self.answers += 1;
        self.rounds += 1;
        self.go_on = false;
        let (sender, texts) = mpsc::channel(TEXTS);
        let config = &self.endpoint.config;
        let mut body = self.endpoint.dialect.body(config, &self.history, &self.tools);
        with_options(&mut body, &config.options);
        let question = Question {
            body,
            private: self.history.words().map(Into::into).collect(),
            number: self.answers,
        };
        let endpoint = self.endpoint.clone();
        let asking = async move { endpoint.ask(question, sender).await }.boxed();
        self.answer = Some(Answer {
            asking: Some(asking),
            texts,
            outcome: None,
            cutter: ClauseCutter::new(),
            spoken: Vec::new(),
        });
    }

    fn note_spoken(&mut self, thought: Thought) -> Thought {
        if let (Thought::Clause(text), Some(answer)) = (&thought, &mut self.answer) {
            answer.spoken.push(text.clone());
        }
        thought
    }

    /// The model has ended its answer: the last clause, then the tools.
    fn finish(&mut self, completion: Completion) {
        let Some(mut answer) = self.answer.take() else {
            return;
        };
        let last = answer.cutter.finish();
        answer.spoken.extend(last.iter().cloned());
        let text = answer.spoken.join(" ");
        self.thoughts.extend(last.map(Thought::Clause));
        if !completion.usage.is_nothing() {
            self.thoughts.push_back(Thought::Usage(completion.usage));
        }
        if text.is_empty() && completion.calls.is_empty() {
            return self.end_empty(completion.finish);
        }
        self.history
            .said(&text, completion.calls.clone(), completion.keepsakes);
        if completion.calls.is_empty() {
            return self.thoughts.push_back(Thought::Done);
        }
        self.use_tools(completion.calls);
    }

    fn end_empty(&mut self, finish: Option<Finish>) {
        let (model, url) = (&self.endpoint.config.model, &self.endpoint.config.base_url);
        match finish {
            Some(Finish::Filtered) => {
                let message = format!(
                    "{url} filtered the whole answer of {model:?}; change the secretary's instructions"
                );
                self.fail(Failure::new(FailureKind::Policy, message));
            }
            Some(Finish::Length) => {
                let message = format!(
                    "{model:?} at {url} spent all its tokens before it said a word; let it have more, or think less"
                );
                self.fail(Failure::new(FailureKind::Unsupported, message));
            }
            // It chose to say nothing.
            _ => self.thoughts.push_back(Thought::Done),
        }
    }

    fn use_tools(&mut self, calls: Vec<WrittenCall>) {
        let mut wrong = None;
        for call in calls {
            match self.read_call(&call) {
                Err(problem) => {
                    self.history.result(&call.id, format!("error: {problem}"));
                    wrong = Some(problem);
                }
                Ok(arguments) if call.name == GET_BUSINESS_INFO => {
                    let info = self.facts.told(&arguments);
                    self.history.result(&call.id, info);
                    self.go_on = true;
                }
                Ok(arguments) => {
                    self.outstanding.push(call.id.clone());
                    let id = ToolCallId(call.id);
                    self.thoughts.push_back(Thought::Tool {
                        id,
                        name: call.name,
                        arguments,
                    });
                }
            }
        }
        if let Some(problem) = wrong {
            if std::mem::replace(&mut self.corrected, true) {
                let model = &self.endpoint.config.model;
                let message = format!(
                    "{model:?} calls tools wrongly, told so and again: {problem}; choose a model with tools"
                );
                return self.fail(Failure::new(FailureKind::Protocol, message));
            }
            self.go_on = true;
        }
        self.go_on_or_wait();
    }

    /// Asks the model to go on once all its tools have answered.
    fn go_on_or_wait(&mut self) {
        if !self.outstanding.is_empty() || !self.go_on {
            return self.thoughts.push_back(Thought::Done);
        }
        if self.rounds >= MOST_ROUNDS {
            let model = &self.endpoint.config.model;
            let message =
                format!("{model:?} asks for tools without end; choose a model that is better with tools");
            return self.fail(Failure::new(FailureKind::Protocol, message));
        }
        self.ask();
    }

    fn read_call(&self, call: &WrittenCall) -> Result<Value, String> {
        if !self.tools.iter().any(|tool| tool.name == call.name) {
            let names: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
            return Err(format!(
                "there is no tool {:?}; there are {}",
                call.name,
                names.join(", ")
            ));
        }
        call.object()
            .map_err(|problem| format!("{}: {problem}", call.name))
    }

    fn tool_result(&mut self, id: &ToolCallId, ok: bool, result: String) {
        self.stop();
        let name = self.history.tool(&id.0).map(str::to_owned);
        let result = if ok { result } else { format!("failed: {result}") };
        self.history.result(&id.0, result);
        self.outstanding.retain(|waiting| *waiting != id.0);
        // A call that is handed over or ended needs no more words.
        let over = ok
            && name
                .as_deref()
                .is_some_and(|n| matches!(n, tools::TRANSFER_CALL | tools::END_CALL));
        self.go_on |= name.is_some() && !over;
        self.rounds = 0;
        self.first_token = None;
        self.go_on_or_wait();
    }

    fn fail(&mut self, failure: Failure) {
        self.answer = None;
        self.failed = true;
        self.thoughts.push_back(Thought::Failed {
            kind: failure.kind,
            message: failure.message,
        });
    }
}
