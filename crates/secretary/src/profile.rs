//! One secretary: how it greets, what it says when nobody speaks, which script it follows.

use crate::{Destination, Engines, Hours, HttpTool, LanguageError, McpTools, SecretaryUuid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A language that a secretary speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Brazilian Portuguese.
    #[serde(rename = "pt-BR")]
    PtBr,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Language {
    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::En => "en",
        }
    }

    /// The ISO 639-1 code, as speech-to-text engines take it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PtBr => "pt",
            Self::En => "en",
        }
    }
}

impl Language {
    /// What a caller is told whose call is recorded, where the secretary has no words of its own for it.
    pub const fn recording_notice(self) -> &'static str {
        match self {
            Self::PtBr => "Esta ligação está sendo gravada.",
            Self::En => "This call is being recorded.",
        }
    }

    /// What a caller is told who waits for an answer, where the secretary has no words of its own for it.
    pub const fn waiting(self) -> &'static str {
        match self {
            Self::PtBr => "Só um momento.",
            Self::En => "One moment.",
        }
    }

    /// What a caller is told in the middle of whose answer another engine takes over.
    pub const fn bridge(self) -> &'static str {
        match self {
            Self::PtBr => "Um instante, por favor.",
            Self::En => "Just a second, please.",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    /// Takes a BCP 47 tag; the region does not matter (`pt`, `pt-BR`, `en-US`).
    fn from_str(tag: &str) -> Result<Self, LanguageError> {
        match tag
            .split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "pt" => Ok(Self::PtBr),
            "en" => Ok(Self::En),
            _ => Err(LanguageError(tag.chars().take(32).collect())),
        }
    }
}

/// One configured assistant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secretary {
    /// Its UUID, where its file names one.
    #[serde(default)]
    pub uuid: Option<SecretaryUuid>,
    /// The name by which metadata and configuration refer to it; one of its kind in its domain.
    pub name: String,
    /// The language it speaks and hears.
    pub language: Language,
    /// The voice's name, as the text-to-speech engine knows it; empty for the engine's own choice.
    #[serde(default)]
    pub voice: String,
    /// The engines that speak for it.
    #[serde(default, rename = "engine")]
    pub engines: Engines,
    /// The brain of an engine that has none of its own (`local` and other cascades): `script` or `chat`.
    #[serde(default = "script")]
    pub brain: String,
    /// The script of the script brain: the name of an embedded sample (`provedor`, `isp`), or a path that ends in `.yaml`
    /// or `.yml`. [`crate::Snapshot::load`] makes a relative path absolute, from the folder of the secretary's file.
    #[serde(default)]
    pub script: String,
    /// Who it is, as Markdown; see [`Secretary::instructions`].
    #[serde(default)]
    pub persona: String,
    /// What it does and never does, as Markdown; see [`Secretary::instructions`].
    #[serde(default)]
    pub rules: String,
    /// What the company lets its callers know, by name: a script says them by name, an engine reads them all.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
    /// When the company is open; always, where there are none.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// Whom a call can be handed to.
    #[serde(default)]
    pub destinations: Vec<Destination>,
    /// Which tools its engine is offered.
    #[serde(default = "usual_tools")]
    pub tools: Vec<Tool>,
    /// Tools of its own, each a request to a service.
    #[serde(default)]
    pub http_tools: Vec<HttpTool>,
    /// Which tools of MCP servers its engine is offered.
    #[serde(default)]
    pub mcp: Vec<McpTools>,
    /// What it says first.
    pub greeting: Greeting,
    /// What it says when the conversation does not go on by itself.
    pub phrases: Phrases,
    /// Its limits.
    #[serde(default)]
    pub limits: Limits,
    /// Where a call goes when the engine fails: the name of one of its destinations.
    #[serde(default)]
    pub fallback: Option<String>,
    /// What is kept of its calls.
    #[serde(default)]
    pub privacy: Privacy,
}

/// What an engine can be offered to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// Put the caller through to a destination.
    TransferCall,
    /// Put the caller through once the destination was told who calls and has agreed.
    TransferAnnounced,
    /// Find out whether a destination's phone is there and free.
    CheckExtensionAvailable,
    /// Let the caller wait with music.
    HoldCall,
    /// End that.
    ResumeCall,
    /// Press keys on the caller's line.
    SendDtmf,
    /// Begin or end a recording on the PBX.
    RecordCall,
    /// Let the caller speak to a destination's mailbox on the PBX.
    Voicemail,
    /// Write a message down.
    TakeMessage,
    /// End the call.
    EndCall,
}

impl Tool {
    /// Every tool.
    pub const ALL: [Self; 10] = [
        Self::TransferCall,
        Self::TransferAnnounced,
        Self::CheckExtensionAvailable,
        Self::HoldCall,
        Self::ResumeCall,
        Self::SendDtmf,
        Self::RecordCall,
        Self::Voicemail,
        Self::TakeMessage,
        Self::EndCall,
    ];
    /// Those of a secretary that names none. They need no control of the PBX.
    pub const USUAL: [Self; 3] = [Self::TransferCall, Self::TakeMessage, Self::EndCall];

    /// Its name, as files and engines write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TransferCall => "transfer_call",
            Self::TransferAnnounced => "transfer_announced",
            Self::CheckExtensionAvailable => "check_extension_available",
            Self::HoldCall => "hold_call",
            Self::ResumeCall => "resume_call",
            Self::SendDtmf => "send_dtmf",
            Self::RecordCall => "record_call",
            Self::Voicemail => "voicemail",
            Self::TakeMessage => "take_message",
            Self::EndCall => "end_call",
        }
    }

    /// Whether it needs one of the secretary's destinations.
    pub const fn takes_destination(self) -> bool {
        match self {
            Self::TransferCall
            | Self::TransferAnnounced
            | Self::CheckExtensionAvailable
            | Self::Voicemail => true,
            Self::HoldCall
            | Self::ResumeCall
            | Self::SendDtmf
            | Self::RecordCall
            | Self::TakeMessage
            | Self::EndCall => false,
        }
    }
}

fn usual_tools() -> Vec<Tool> {
    Tool::USUAL.into()
}

/// What is kept of a secretary's calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Privacy {
    /// Whether calls are recorded as sound.
    pub recording: Recording,
    /// Whether the words of a call are kept: in the store, and readable in the event log.
    pub transcript: bool,
    /// Fields of a message (a script's slots, a tool's arguments) whose values stand nowhere but in the message itself: they
    /// are masked in logs, event logs, transcripts and webhooks.
    pub sensitive: Vec<String>,
}

impl Privacy {
    /// Whether the value of a field of that name is for nobody else. Case is no matter: a model writes names as it likes.
    pub fn is_sensitive(&self, field: &str) -> bool {
        let field = field.to_lowercase();
        self.sensitive.iter().any(|name| name.to_lowercase() == field)
    }
}

/// Whether calls are recorded as sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// They are not.
    #[default]
    Off,
    /// They are, and nobody is told.
    On,
    /// They are, and the caller is told first.
    Announce,
}

fn script() -> String {
    "script".into()
}

/// The first words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    /// The words.
    pub text: String,
    /// Whether the caller may interrupt them.
    #[serde(default = "yes")]
    pub interruptible: bool,
}

fn yes() -> bool {
    true
}

/// Fixed phrases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// Said when the caller is silent, one after the other.
    pub reprompts: Vec<String>,
    /// Said before the call is ended for silence or time, or by an engine that says no last words of its own: it must fit all
    /// three.
    pub farewell: String,
    /// Said when the engine fails.
    pub apology: String,
    /// Said when an answer takes longer than [`Limits::waiting_ms`]; empty for nothing.
    #[serde(default)]
    pub waiting: String,
    /// Said when another engine takes over in the middle of an answer; empty for nothing.
    #[serde(default)]
    pub bridge: String,
    /// Said before anything else where calls are recorded and the caller is told so ([`Recording::Announce`]).
    #[serde(default)]
    pub recording_notice: String,
    /// What a listener murmurs without wanting the floor: lower case, without accents, words apart by one space (a file
    /// may write them naturally, [`Secretary::parse`] folds them).
    pub backchannels: Vec<String>,
    /// Said when a tool beyond the PBX takes a while; empty for nothing.
    #[serde(default)]
    pub wait: String,
}

/// Durations in milliseconds, as a file gives them. Zero switches `silence_ms`, `total_ms` and `waiting_ms` off; `answer_ms` and
/// `tool_ms` are never zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Speech shorter than this does not interrupt by its length alone.
    pub min_speech_ms: u32,
    /// Silence after which a turn is over in any case.
    pub turn_silence_ms: u32,
    /// Silence of the caller before a reprompt.
    pub silence_ms: u32,
    /// The longest call.
    pub total_ms: u32,
    /// How long the engine may take to answer.
    pub answer_ms: u32,
    /// How long a caller waits for an answer before they are told so ([`Phrases::waiting`]); zero for ever.
    pub waiting_ms: u32,
    /// How long a tool may take.
    pub tool_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            min_speech_ms: 700,
            turn_silence_ms: 900,
            silence_ms: 8_000,
            total_ms: 1_800_000,
            answer_ms: 15_000,
            waiting_ms: 2_000,
            tool_ms: 10_000,
        }
    }
}
