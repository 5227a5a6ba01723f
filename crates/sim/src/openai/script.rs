//! What the stand-in is to do.

use serde_json::Value;
use std::f32::consts::TAU;
use std::time::Duration;

/// The rate of the API's PCM.
const HZ: f32 = 24_000.0;

/// One server's script.
#[derive(Debug, Clone)]
pub struct Script {
    /// Whose API it is.
    pub dialect: Dialect,
    /// The key that it takes.
    pub key: String,
    /// The model that it has.
    pub model: String,
    /// What the caller is taken to have said, item after item; the last again and again.
    pub heard: Vec<String>,
    /// What it answers, response after response; then short tones.
    pub answers: Vec<Answer>,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// How many answers of a connection are well before one that goes wrong does.
    pub spared: usize,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            dialect: Dialect::OpenAi,
            key: "sk-sim".into(),
            model: "gpt-realtime-2.1".into(),
            heard: vec!["Quero falar com o financeiro, por favor.".into()],
            answers: Vec::new(),
            fault: None,
            spared: 0,
        }
    }
}

/// A provider of the family, and how its API differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's own.
    OpenAi,
    /// The key stands in `api-key`, and the path begins with `/openai`.
    Azure,
    /// Voice and turn detection stand at the top of the session, the rates are the client's choice, and a conversation can be resumed.
    Xai,
    /// The names and the flat session of OpenAI's beta, 16 kHz in; nothing that was said can be cut or forgotten.
    Qwen,
}

impl Dialect {
    /// The path of the API.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Xai => "/v1/realtime",
            Self::Azure => "/openai/v1/realtime",
            Self::Qwen => "/api-ws/v1/realtime",
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its words; an answer without words has no audio either.
    pub text: String,
    /// Its audio, mono at 24 kHz.
    pub pcm: Vec<i16>,
    /// The tools that it calls, after its words.
    pub tools: Vec<ToolUse>,
    /// True if it does not end by itself after its audio, but only when it is cancelled.
    pub held: bool,
}

impl Answer {
    /// Words, as a tone of this length.
    pub fn tone(text: &str, length: Duration) -> Self {
        let samples = (length.as_secs_f32() * HZ) as u32;
        let pcm = (0..samples)
            .map(|n| ((n as f32 * 440.0 * TAU / HZ).sin() * 8_000.0) as i16)
            .collect();
        Self {
            text: text.into(),
            pcm,
            tools: Vec::new(),
            held: false,
        }
    }

    /// Calls of tools alone.
    pub fn tools(tools: Vec<ToolUse>) -> Self {
        Self {
            text: String::new(),
            pcm: Vec::new(),
            tools,
            held: false,
        }
    }

    /// The same, which does not end by itself.
    #[must_use]
    pub fn held(self) -> Self {
        Self { held: true, ..self }
    }
}

/// Stands in a tool's arguments for the id of its call.
pub const CALL_ID: &str = "{call_id}";

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUse {
    /// The tool.
    pub name: String,
    /// Its arguments as the model writes them, which may be no JSON at all; [`CALL_ID`] in them is the id of the call.
    pub arguments: String,
}

impl ToolUse {
    /// A call with these arguments.
    pub fn new(name: &str, arguments: &Value) -> Self {
        Self {
            name: name.into(),
            arguments: arguments.to_string(),
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The upgrade is refused with this status and error code.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The code in the body.
        code: String,
    },
    /// An error event instead of what was asked for.
    Error {
        /// When.
        at: Moment,
        /// Its `type`.
        kind: String,
        /// Its `code`.
        code: String,
    },
    /// Each response ends as `failed`, with this error.
    FailedAnswer {
        /// The error's `type`.
        kind: String,
        /// Its `code`.
        code: String,
    },
    /// The connection is closed with this code after the first audio of an answer.
    CloseMidAnswer(u16),
    /// A text that is no JSON comes instead of an answer.
    Malformed,
    /// The connection is taken, and nothing is ever said on it.
    Hang,
    /// Once the session is configured, nothing is read or sent any more.
    Stall,
    /// No answer comes; everything else goes on.
    NoAnswer,
    /// Nothing is read or sent any more after the first audio of an answer.
    StallMidAnswer,
    /// The connection breaks after the first audio of an answer, without a close frame.
    BreakMidAnswer,
    /// Each answer has ten minutes of audio, all at once.
    Flood,
}

/// A place in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At its beginning, in place of `session.created`. The connection is closed with 3000 after it.
    Greeting,
    /// When it is configured.
    Configuration,
    /// When an answer is asked for.
    Answer,
}
