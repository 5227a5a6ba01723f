//! What happened: conversations, messages of callers, and what is to be told to others about them (the outbox).
//!
//! A call never waits for a database. What it has to tell is an [`Entry`]; entries go to a bounded journal on disk first, and one
//! task carries them from there into the database, in order. An entry may be carried twice (after a crash): every entry and every
//! delivery has an id of its own, so the second time changes nothing.
#![forbid(unsafe_code)]

mod entry;
mod journal;
mod keeper;

pub use entry::{
    Began, ConversationId, Delivery, DeliveryId, Ended, Entry, Message, MessageId, MessageKind, Said,
    Speaker, TurnLatency, UnixMs,
};
pub use journal::JournalError;
pub use keeper::{KeepError, Keeper, KeeperConfig, KeeperState, Sink, SinkError};
