//! What is to be told to others, until it is told.

mod claiming;

pub use claiming::{Due, Retry};

use crate::database::{Row, Transaction, values};
use crate::store::{Store, within};
use crate::{ConversationId, DeliveryId, MessageId, StoreError, UnixMs};
use secretary::DomainUuid;
use serde::Serialize;
use std::collections::BTreeMap;

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is yet to be told.
    Waiting,
    /// The receiver has acknowledged it.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// Its name, as the database and the command write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A delivery, to look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutboxEntry {
    /// Its idempotency key.
    pub id: DeliveryId,
    /// Whose it is.
    pub domain: DomainUuid,
    /// The conversation that it is about.
    pub conversation: ConversationId,
    /// The message that it is about, if it is about one.
    pub message: Option<MessageId>,
    /// The name of the webhook.
    pub webhook: String,
    /// What is told.
    pub payload: serde_json::Value,
    /// When it came to be.
    pub created: UnixMs,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, or, while somebody is trying, when that ends at the latest.
    pub next: Option<UnixMs>,
    /// When it was delivered or given up.
    pub settled: Option<UnixMs>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// How much a domain has yet to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct OutboxCounts {
    /// Deliveries that wait.
    pub waiting: u64,
    /// Deliveries that were given up.
    pub dead: u64,
    /// When the oldest one that waits came to be.
    pub oldest: Option<UnixMs>,
}

impl Store {
    /// The domain's deliveries, the newest first, at most `limit`; in one state alone, where one is given.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn outbox(
        &self,
        domain: DomainUuid,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT * FROM outbox WHERE domain = $1 AND ($2 IS NULL OR state = $2)
                     ORDER BY created_ms DESC, id DESC LIMIT $3",
                    values![domain, state.map(|state| state.name().to_owned()).as_ref(), limit],
                )
                .await?;
            transaction.commit().await?;
            rows.iter().map(as_entry).collect()
        })
        .await
    }

    /// One delivery of the domain.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn outbox_entry(
        &self,
        domain: DomainUuid,
        id: DeliveryId,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT * FROM outbox WHERE domain = $1 AND id = $2",
                    values![domain, id],
                )
                .await?;
            transaction.commit().await?;
            rows.first().map(as_entry).transpose()
        })
        .await
    }

    /// How much every domain has yet to tell; those that have nothing are left out.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn outbox_counts(&self) -> Result<BTreeMap<DomainUuid, OutboxCounts>, StoreError> {
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT domain, state, COUNT(*) AS entries, MIN(created_ms) AS oldest_ms
                     FROM outbox WHERE state <> 'delivered' GROUP BY domain, state",
                    values![],
                )
                .await?;
            transaction.commit().await?;
            let mut counts: BTreeMap<_, OutboxCounts> = BTreeMap::new();
            for row in &rows {
                let counts = counts.entry(DomainUuid::new(row.id("domain")?)).or_default();
                if state_of(row)? == DeliveryState::Dead {
                    counts.dead = row.count("entries")?;
                    continue;
                }
                counts.waiting = row.count("entries")?;
                counts.oldest = row.read::<Option<i64>>("oldest_ms")?.map(UnixMs);
            }
            Ok(counts)
        })
        .await
    }
}

/// The deliveries about a message, the oldest first.
pub(crate) async fn of_message(
    transaction: &mut Transaction,
    domain: DomainUuid,
    message: MessageId,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let rows = transaction
        .rows(
            "SELECT * FROM outbox WHERE domain = $1 AND message = $2 ORDER BY created_ms, id",
            values![domain, message],
        )
        .await?;
    rows.iter().map(as_entry).collect()
}

/// The deliveries about a conversation and its messages, the oldest first.
pub(crate) async fn of_conversation(
    transaction: &mut Transaction,
    domain: DomainUuid,
    conversation: ConversationId,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let rows = transaction
        .rows(
            "SELECT * FROM outbox WHERE domain = $1 AND conversation = $2 ORDER BY created_ms, id",
            values![domain, conversation],
        )
        .await?;
    rows.iter().map(as_entry).collect()
}

fn as_entry(row: &Row) -> Result<OutboxEntry, StoreError> {
    let state = state_of(row)?;
    let next = UnixMs(row.read("next_ms")?);
    let payload: String = row.read("payload")?;
    Ok(OutboxEntry {
        id: DeliveryId(row.id("id")?),
        domain: DomainUuid::new(row.id("domain")?),
        conversation: ConversationId(row.id("conversation")?),
        message: row.optional_id("message")?.map(MessageId),
        webhook: row.read("webhook")?,
        payload: serde_json::from_str(&payload).map_err(|_| StoreError::Row {
            table: "outbox",
            column: "payload",
        })?,
        created: UnixMs(row.read("created_ms")?),
        state,
        attempts: attempts(row)?,
        next: (state == DeliveryState::Waiting).then_some(next),
        settled: row.read::<Option<i64>>("settled_ms")?.map(UnixMs),
        error: row.read("error")?,
    })
}

fn attempts(row: &Row) -> Result<u32, StoreError> {
    Ok(row.count("attempts")?.try_into().unwrap_or(u32::MAX))
}

fn state_of(row: &Row) -> Result<DeliveryState, StoreError> {
    DeliveryState::named(&row.read::<String>("state")?).ok_or(StoreError::Row {
        table: "outbox",
        column: "state",
    })
}
