//! What decides the words of the local engine.

mod clause;
mod clock;
pub mod llm;
pub mod script;
pub(crate) mod tools;

pub use clause::{ClauseCutter, sentences};
pub use clock::{Clock, SystemClock};

use call::{Digit, ToolCallId};
use secretary::Secretary;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// A brain, shared by all calls.
pub trait Brain: Send + Sync {
    /// Begins a conversation.
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[crate::engine::ToolSpec]>) -> Box<dyn Mind>;
}

/// One conversation's state. Like a session it never waits, and what it starts ends with it.
pub trait Mind: Send {
    /// Tells it something; an answer may follow from [`Mind::poll_thought`]. A new stimulus that wants an answer ends the
    /// one under way.
    fn tell(&mut self, stimulus: Stimulus);

    /// What was said in the call before this conversation began, in its order: no answer is wanted. Told once, before anything else. A
    /// mind that goes by a script begins it anew.
    fn remember(&mut self, _before: &[crate::engine::Exchange]) {}

    /// The next piece of the answer. Pending while there is none. Each stimulus that wants an answer gets one
    /// [`Thought::Done`] (or [`Thought::Failed`]), even if nothing is said (a digit of a number), unless another comes before.
    fn poll_thought(&mut self, cx: &mut Context<'_>) -> Poll<Thought>;

    /// When the first token of the answer under way came, where it is a language model's.
    fn first_token(&self) -> Option<Instant> {
        None
    }

    /// Words that callers are likely to use, the most likely first: for speech recognition.
    fn vocabulary(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whole sentences that callers are likely to say: for speech recognition.
    fn sayings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether what is asked for now, or said now, is for nobody else: the value of a slot that the secretary's `privacy` calls
    /// sensitive. Asked after every stimulus.
    fn is_private(&self) -> bool {
        false
    }
}

/// What a brain is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Stimulus {
    /// The caller's words: answer them, with those before whose answer was [`Stimulus::Interrupted`] unheard. Empty if there
    /// are only those.
    Words(String),
    /// A key: answer it.
    Key(Digit),
    /// What became of a tool: go on.
    ToolResult {
        /// Which.
        id: ToolCallId,
        /// True if it did what was asked.
        ok: bool,
        /// What came of it.
        result: String,
    },
    /// The caller spoke, but no words could be found (no speech-to-text model, or it failed): answer with the keys.
    Unheard,
    /// The caller stayed silent and was asked again by the call: no answer is wanted.
    NoInput,
    /// These words were said by the call itself (greeting, reprompt): no answer is wanted.
    Said(String),
    /// The last answer was interrupted: only these words of it were heard, perhaps none. Ends an answer under way; none is
    /// wanted.
    Interrupted {
        /// The words heard.
        heard: String,
    },
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Thought {
    /// A clause or sentence that can be spoken by itself.
    Clause(String),
    /// A tool to use. The answer that needs its result is a new one, after [`Stimulus::ToolResult`].
    Tool {
        /// An id of the brain's own.
        id: ToolCallId,
        /// The tool.
        name: String,
        /// Its arguments, an object.
        arguments: serde_json::Value,
    },
    /// What the answer so far will be charged for, before it is complete.
    Usage(crate::Usage),
    /// The answer is complete.
    Done,
    /// The brain has failed for good.
    Failed {
        /// What kind of failure.
        kind: call::FailureKind,
        /// What happened and what would mend it.
        message: String,
    },
}
