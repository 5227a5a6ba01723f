//! What the stand-in is to do.

use super::{Answer, Fault};

/// One server's script: its agent, and what is said with it.
#[derive(Debug, Clone)]
pub struct Script {
    /// The key that it takes.
    pub key: String,
    /// The agent that it has.
    pub agent: String,
    /// Whether the agent wants a signed URL.
    pub private: bool,
    /// How the agent wants to hear: `pcm_8000` to `pcm_48000`, or `ulaw_8000`.
    pub input_format: String,
    /// How the agent speaks.
    pub output_format: String,
    /// What of its configuration a conversation may set otherwise.
    pub allows: Vec<Override>,
    /// What the agent says first, if the conversation does not say otherwise.
    pub first_message: Option<Answer>,
    /// What the caller is taken to have said, turn after turn; the last again and again.
    pub heard: Vec<String>,
    /// What it answers, one after the other; then short tones.
    pub answers: Vec<Answer>,
    /// Whether the agent tells that an answer is complete.
    pub completion: Completion,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            key: "xi-sim".into(),
            agent: "agent_sim".into(),
            private: false,
            input_format: "pcm_16000".into(),
            output_format: "pcm_16000".into(),
            allows: vec![
                Override::Prompt,
                Override::FirstMessage,
                Override::Language,
                Override::Voice,
            ],
            first_message: None,
            heard: vec!["Quero falar com o financeiro, por favor.".into()],
            answers: Vec::new(),
            completion: Completion::Told,
            fault: None,
        }
    }
}

/// Whether an agent's client events have `agent_response_complete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// They have it.
    Told,
    /// They have not: an answer's end is not told.
    Untold,
}

/// A part of an agent's configuration that a conversation may set otherwise, where the agent's security settings allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// The instructions.
    Prompt,
    /// What is said first.
    FirstMessage,
    /// The language.
    Language,
    /// The voice.
    Voice,
}

impl Override {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prompt, Self::FirstMessage, Self::Language, Self::Voice];

    /// Where it stands in `conversation_config_override`.
    pub(super) fn pointer(self) -> &'static str {
        match self {
            Self::Prompt => "/agent/prompt/prompt",
            Self::FirstMessage => "/agent/first_message",
            Self::Language => "/agent/language",
            Self::Voice => "/tts/voice_id",
        }
    }

    /// Its name in the reason of a close frame.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::FirstMessage => "first_message",
            Self::Language => "language",
            Self::Voice => "voice_id",
        }
    }
}
