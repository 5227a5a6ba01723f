//! The brain `script`: what it understands, and how a conversation along it goes.

mod anything;
mod conversation;
mod file;
mod pbx;
mod people;
mod understanding;
mod utterances;

use call::{Digit, ToolCallId};
use futures_util::task::noop_waker;
use secretary::{Secretary, Snapshot};
use std::sync::Arc;
use std::task::{Context, Poll};
use voice::brain::script::ScriptBrain;
use voice::brain::{Brain, Mind, Stimulus, Thought};

/// A Tuesday, half past ten in São Paulo and half past nine in New York.
const OPEN: &str = "2026-03-10T13:30:00Z";
/// The Sunday before.
const CLOSED: &str = "2026-03-08T13:30:00Z";

/// A conversation with a sample.
struct Conversation {
    mind: Box<dyn Mind>,
}

impl Conversation {
    fn with(sample: &str, now: &str) -> Self {
        let snapshot = Snapshot::embedded().unwrap();
        let domain = snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap();
        Self::of(domain.secretaries[sample].clone(), now)
    }

    fn of(secretary: Arc<Secretary>, now: &str) -> Self {
        let now: jiff::Timestamp = now.parse().unwrap();
        let brain = ScriptBrain::new(Arc::new(now));
        Self {
            mind: brain.begin(secretary, Arc::new([])),
        }
    }

    fn next(&mut self) -> Option<Thought> {
        let waker = noop_waker();
        match self.mind.poll_thought(&mut Context::from_waker(&waker)) {
            Poll::Ready(thought) => Some(thought),
            Poll::Pending => None,
        }
    }

    /// Tells it something and takes the whole answer: clauses in one line each, tools as `name{arguments}`.
    fn tell(&mut self, stimulus: Stimulus) -> Vec<String> {
        self.mind.tell(stimulus);
        let mut answer = Vec::new();
        loop {
            match self.next().expect("an answer ends with Done") {
                Thought::Clause(text) => answer.push(text),
                Thought::Tool { name, arguments, .. } => answer.push(format!("{name}{arguments}")),
                Thought::Usage(_) => panic!("a script costs nothing"),
                Thought::Done => break,
                Thought::Failed { message, .. } => panic!("{message}"),
            }
        }
        assert_eq!(self.next(), None, "nothing comes after Done");
        answer
    }

    fn say(&mut self, words: &str) -> Vec<String> {
        self.tell(Stimulus::Words(words.into()))
    }

    fn press(&mut self, keys: &str) -> Vec<String> {
        let press = |key| Stimulus::Key(Digit::new(key).unwrap());
        keys.chars().flat_map(|key| self.tell(press(key))).collect()
    }

    /// Tells what became of the `nth` tool that was used.
    fn tool(&mut self, nth: u32, ok: bool) -> Vec<String> {
        self.tool_told(nth, ok, "")
    }

    fn tool_told(&mut self, nth: u32, ok: bool, result: &str) -> Vec<String> {
        let id = ToolCallId(format!("script-{nth}"));
        let result = result.into();
        self.tell(Stimulus::ToolResult { id, ok, result })
    }
}
