//! What a call has to tell, as it stands in the journal.

use secretary::{CallUuid, DomainUuid, Language};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// One that nobody else has.
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// One conversation of a secretary with a caller. A call that comes back after a transfer begins another.
    ConversationId
);
id!(
    /// One message or wish to be called back.
    MessageId
);
id!(
    /// One thing to be told to one receiver: its idempotency key.
    DeliveryId
);

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

/// One thing that is to be kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A conversation began.
    Began(Began),
    /// Somebody said something.
    Said(Said),
    /// A message was taken.
    Message(Message),
    /// A conversation is over.
    Ended(Ended),
}

/// A conversation as it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Began {
    /// Which.
    pub conversation: ConversationId,
    /// Whose.
    pub domain: DomainUuid,
    /// The channel on the PBX.
    pub call: CallUuid,
    /// When.
    pub at: UnixMs,
    /// Who answers.
    pub secretary: String,
    /// The language.
    pub language: Language,
    /// The engine.
    pub engine: String,
    /// The caller's number, as the metadata claims it.
    pub caller: Option<String>,
    /// The caller's name, as the metadata claims it.
    pub caller_name: Option<String>,
    /// The number that was called, as the metadata claims it.
    pub dialled: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The caller.
    Caller,
    /// The secretary.
    Secretary,
    /// The PBX: what became of a transfer.
    Pbx,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Whose it is.
    pub domain: DomainUuid,
    /// Its number in the conversation, from 1.
    pub number: u32,
    /// When it was over.
    pub at: UnixMs,
    /// Who.
    pub speaker: Speaker,
    /// The words, of the secretary those that were heard; none where no transcript is kept.
    pub text: Option<String>,
    /// How much of the secretary's words was heard, in milliseconds.
    pub heard_ms: Option<u64>,
    /// Whether the caller cut it short.
    pub cut: bool,
    /// Where the caller's waiting time before it went.
    pub latency: Option<TurnLatency>,
}

/// Where the caller's waiting time before an answer went, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TurnLatency {
    /// From the caller's last sound to the answer's first audio.
    pub response_ms: u64,
    /// Until it was sure that the caller had finished.
    pub endpoint_ms: Option<u64>,
    /// Finding the caller's words, where the engine tells.
    pub stt_ms: Option<u64>,
    /// Finding the answer's first words.
    pub brain_ms: Option<u64>,
    /// How much of that went by before the language model's first token.
    pub token_ms: Option<u64>,
    /// Making them heard.
    pub tts_ms: Option<u64>,
    /// All of what an engine does that tells no parts.
    pub engine_ms: Option<u64>,
    /// From the answer's first audio to the first of it that left for the caller; no part of `response_ms`.
    pub leg_ms: Option<u64>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Words for somebody.
    Message,
    /// A wish to be called back: it has a number and no words.
    Callback,
}

/// What a caller left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Whose it is.
    pub domain: DomainUuid,
    /// The channel on the PBX.
    pub call: CallUuid,
    /// When.
    pub at: UnixMs,
    /// What it is.
    pub kind: MessageKind,
    /// Its fields as the tool took them, an object.
    pub fields: serde_json::Value,
    /// Who is to be told.
    pub deliveries: Vec<Delivery>,
}

/// One thing to be told to one receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its idempotency key.
    pub id: DeliveryId,
    /// The name of the webhook.
    pub webhook: String,
    /// What is told, masked already.
    pub payload: serde_json::Value,
}

/// A conversation as it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Which.
    pub conversation: ConversationId,
    /// Whose.
    pub domain: DomainUuid,
    /// When.
    pub at: UnixMs,
    /// How, as the call names it (`transferred`, `caller_hung_up`).
    pub outcome: String,
    /// How often the caller interrupted.
    pub barge_ins: u32,
    /// What the engine cost, in millionths of the currency of the configured prices; 0 where it has none.
    pub cost_micros: u64,
    /// The recording, a path below the data folder.
    pub recording: Option<String>,
    /// The event log, a path below the data folder.
    pub event_log: Option<String>,
    /// Who is to be told.
    pub deliveries: Vec<Delivery>,
}
