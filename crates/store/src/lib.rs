//! What happened: conversations, messages of callers, and what is to be told to others about them (the outbox).
//!
//! A call never waits for a database. What it has to tell is an [`Entry`]; entries go to a bounded journal on disk first, and one
//! task carries them from there into the database, in order. An entry may be carried twice (after a crash): every entry and every
//! delivery has an id of its own, so the second time changes nothing.
#![forbid(unsafe_code)]

mod applying;
mod conversations;
mod database;
mod entry;
mod erasing;
mod error;
mod filter;
mod journal;
mod keeper;
mod latency;
mod location;
mod messages;
mod migrations;
mod outbox;
mod store;
mod usage;

pub use conversations::{Conversation, ConversationSheet};
pub use entry::{
    Began, ConversationId, Delivery, DeliveryId, Ended, Entry, Message, MessageId, MessageKind, Said,
    Speaker, TurnLatency, UnixMs,
};
pub use erasing::{Erased, Unfinished};
pub use error::StoreError;
pub use filter::{Cursor, Filter};
pub use journal::JournalError;
pub use keeper::{KeepError, Keeper, KeeperConfig, KeeperState, LateStore, Sink, SinkError};
pub use latency::{LatencySheet, Percentiles};
pub use location::{Location, LocationError};
pub use messages::StoredMessage;
pub use outbox::{DeliveryState, Due, OutboxCounts, OutboxEntry, Retry};
pub use store::Store;
pub use usage::Usage;
