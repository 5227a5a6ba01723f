//! A scripted answer.

use super::{Wire, Writer};
use bytes::Bytes;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// One scripted answer, in whatever language it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) streamed: bool,
    steps: Vec<Step>,
    /// The body is cut into pieces of so many bytes; 0 for one piece an event.
    piece: usize,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All is said.
    Whole,
    /// Tools are to be used.
    Tools,
    /// The tokens are spent.
    Length,
    /// The content is held back.
    Filtered,
}

/// The use of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) index: u32,
    pub(super) id: String,
    pub(super) tool: String,
    pub(super) arguments: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Begin,
    Text(String),
    Thought { text: String, signature: String },
    Call(Call),
    End(Ending),
    Event(Value),
    Raw(Bytes),
    Pause(Duration),
    Hang,
    Break,
}

/// What is done with the connection.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Bytes(Bytes),
    Pause(Duration),
    /// Nothing more comes, and the stream stays open.
    Hang,
    /// The connection breaks.
    Break,
}

impl Reply {
    /// A streamed answer without anything in it yet.
    pub fn streaming() -> Self {
        Self {
            status: 200,
            streamed: true,
            steps: vec![Step::Begin],
            piece: 0,
        }
    }

    /// A whole answer: this text, word by word, and the end.
    pub fn saying(text: &str) -> Self {
        Self::streaming().text(text).stop(Ending::Whole)
    }

    /// A whole answer that uses one tool.
    pub fn using(id: &str, tool: &str, arguments: &str) -> Self {
        Self::streaming().call(0, id, tool, arguments).stop(Ending::Tools)
    }

    /// An error, or anything else that is no stream, with this body.
    pub fn refusing(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            streamed: false,
            steps: vec![Step::Raw(Bytes::from(body.into()))],
            piece: 0,
        }
    }

    /// The same, as a stream of what the test adds alone.
    #[must_use]
    pub fn as_a_stream(mut self) -> Self {
        self.streamed = true;
        self
    }

    /// Adds text, word by word.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        text.split_inclusive(' ')
            .fold(self, |reply, word| reply.with(Step::Text(word.into())))
    }

    /// Adds a thought, with the signature that must come back with what follows it.
    #[must_use]
    pub fn thought(self, text: &str, signature: &str) -> Self {
        self.with(Step::Thought {
            text: text.into(),
            signature: signature.into(),
        })
    }

    /// Adds the call of a tool.
    #[must_use]
    pub fn call(self, index: u32, id: &str, tool: &str, arguments: &str) -> Self {
        self.with(Step::Call(Call {
            index,
            id: id.into(),
            tool: tool.into(),
            arguments: arguments.into(),
        }))
    }

    /// Ends the answer, with its usage.
    #[must_use]
    pub fn stop(self, ending: Ending) -> Self {
        self.with(Step::End(ending))
    }

    /// Adds an event with this data.
    #[must_use]
    pub fn event(self, data: &Value) -> Self {
        self.with(Step::Event(data.clone()))
    }

    /// Adds bytes as they are.
    #[must_use]
    pub fn raw(self, text: &str) -> Self {
        self.with(Step::Raw(Bytes::copy_from_slice(text.as_bytes())))
    }

    /// Adds a pause.
    #[must_use]
    pub fn pause(self, pause: Duration) -> Self {
        self.with(Step::Pause(pause))
    }

    /// Adds silence without end, with the stream open.
    #[must_use]
    pub fn hang(self) -> Self {
        self.with(Step::Hang)
    }

    /// Breaks the connection here.
    #[must_use]
    pub fn broken(self) -> Self {
        self.with(Step::Break)
    }

    /// Cuts all into pieces of so many bytes, across characters and events.
    #[must_use]
    pub fn in_pieces_of(mut self, bytes: usize) -> Self {
        self.piece = bytes;
        self
    }

    /// The data of its events in one of the languages, for a check against the official types.
    pub fn events(&self, wire: Wire) -> Vec<Value> {
        let mut writer = wire.writer();
        let written = self.steps.iter().map(|step| step.written(&mut *writer));
        written.flatten().flatten().collect()
    }

    fn with(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(super) fn parts(self, wire: Wire) -> VecDeque<Part> {
        let mut writer = wire.writer();
        let mut parts = VecDeque::new();
        for step in &self.steps {
            for event in step.written(&mut *writer).into_iter().flatten() {
                parts.push_back(Part::Bytes(writer.sent(&event).into()));
            }
            match step {
                Step::Raw(bytes) => parts.push_back(Part::Bytes(bytes.clone())),
                Step::Pause(pause) => parts.push_back(Part::Pause(*pause)),
                Step::Hang => parts.push_back(Part::Hang),
                Step::Break => parts.push_back(Part::Break),
                Step::End(_) if !writer.closing().is_empty() => {
                    parts.push_back(Part::Bytes(writer.closing().into()));
                }
                _ => {}
            }
        }
        if self.piece == 0 {
            parts
        } else {
            cut(parts, self.piece)
        }
    }
}

impl Step {
    /// The events of the language, where it has some.
    fn written(&self, writer: &mut dyn Writer) -> Option<Vec<Value>> {
        match self {
            Self::Begin => Some(writer.begin()),
            Self::Text(text) => Some(writer.text(text)),
            Self::Thought { text, signature } => Some(writer.thought(text, signature)),
            Self::Call(call) => Some(writer.call(call)),
            Self::End(ending) => Some(writer.end(*ending)),
            Self::Event(event) => Some(vec![event.clone()]),
            Self::Raw(_) | Self::Pause(_) | Self::Hang | Self::Break => None,
        }
    }
}

fn cut(parts: VecDeque<Part>, piece: usize) -> VecDeque<Part> {
    let mut whole = Vec::new();
    let mut rest = VecDeque::new();
    for part in parts {
        match part {
            Part::Bytes(bytes) => whole.extend_from_slice(&bytes),
            other => rest.push_back(other),
        }
    }
    let pieces = whole
        .chunks(piece)
        .map(|piece| Part::Bytes(Bytes::copy_from_slice(piece)));
    pieces.chain(rest).collect()
}
