//! What is to be told to others, until it is told.

use crate::database::{Row, Transaction, Value, values};
use crate::store::{Store, within};
use crate::{ConversationId, DeliveryId, MessageId, StoreError, UnixMs};
use secretary::DomainUuid;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

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

/// A delivery that somebody has taken upon himself to send, until his lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Whose it is.
    pub domain: DomainUuid,
    /// Its idempotency key.
    pub id: DeliveryId,
    /// The name of the webhook.
    pub webhook: String,
    /// What is told, JSON: the same letters with every attempt.
    pub payload: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// When it came to be.
    pub created: UnixMs,
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

/// What is to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// One that was given up.
    One(DeliveryId),
    /// All of the domain that were given up.
    AllDead,
}

/// Takes what is due. The lease is the next attempt's instant, moved on: who dies meanwhile leaves it to another.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET attempts = attempts + 1, next_ms = $3
             WHERE (domain, id) IN (
               SELECT domain, id FROM outbox
               WHERE state = 'waiting' AND next_ms <= $1 AND ($4 IS NULL OR (domain = $4 AND webhook = $5))
               ORDER BY next_ms LIMIT $2 ",
            $lock,
            ") RETURNING domain, id, webhook, payload, attempts, created_ms"
        )
    };
}

impl Store {
    /// Takes at most `limit` deliveries that are due at `now`, of all domains, the oldest first. For the length of `lease`, from when
    /// they are taken, nobody else gets them, from this gateway or another.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn due(&self, now: UnixMs, limit: u32, lease: Duration) -> Result<Vec<Due>, StoreError> {
        self.claim(None, now, limit, lease).await
    }

    /// The same for one receiver, the webhook of that name: nobody waits behind another's slow one.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn due_to(
        &self,
        receiver: (DomainUuid, &str),
        now: UnixMs,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Due>, StoreError> {
        self.claim(Some(receiver), now, limit, lease).await
    }

    /// The receivers that something is due to at `now`: the domain and the name of the webhook.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn due_receivers(&self, now: UnixMs) -> Result<Vec<(DomainUuid, String)>, StoreError> {
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT DISTINCT domain, webhook FROM outbox WHERE state = 'waiting' AND next_ms <= $1",
                    values![now],
                )
                .await?;
            transaction.commit().await?;
            rows.iter()
                .map(|row| Ok((DomainUuid::new(row.id("domain")?), row.read("webhook")?)))
                .collect()
        })
        .await
    }

    async fn claim(
        &self,
        receiver: Option<(DomainUuid, &str)>,
        now: UnixMs,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Due>, StoreError> {
        let domain = receiver.map(|(domain, _)| domain.uuid());
        let webhook = receiver.map(|(_, webhook)| webhook.to_owned());
        let asked = Instant::now();
        within(async {
            let mut transaction = self.database.write().await?;
            // Who waited for other writers has the whole lease before him all the same; from here on the rows that others hold are
            // skipped, and nobody is waited for.
            let ends = asked.elapsed().saturating_add(lease);
            let until = now
                .0
                .saturating_add(ends.as_millis().try_into().unwrap_or(i64::MAX));
            let claim = if transaction.is_shared() {
                claim!("FOR UPDATE SKIP LOCKED")
            } else {
                claim!("")
            };
            let rows = transaction
                .rows(claim, values![now, limit, until, domain, webhook.as_ref()])
                .await?;
            let mut due = rows.iter().map(as_due).collect::<Result<Vec<_>, _>>()?;
            transaction.commit().await?;
            due.sort_by_key(|due| (due.created, due.id));
            Ok(due)
        })
        .await
    }

    /// The receiver has acknowledged it.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn delivered(&self, due: &Due, now: UnixMs) -> Result<(), StoreError> {
        self.settle(
            "UPDATE outbox SET state = 'delivered', settled_ms = $3, error = NULL WHERE domain = $1 AND id = $2",
            values![due.domain, due.id, now],
        )
        .await
    }

    /// It failed and is to be tried again at `next`. Where the lease ended and another has taken it, nothing changes.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn put_off(&self, due: &Due, next: UnixMs, error: &str) -> Result<(), StoreError> {
        self.settle(
            "UPDATE outbox SET next_ms = $4, error = $5
             WHERE domain = $1 AND id = $2 AND state = 'waiting' AND attempts = $3",
            values![due.domain, due.id, due.attempts, next, error],
        )
        .await
    }

    /// It failed and is given up. Where the lease ended and another has taken it, nothing changes.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn bury(&self, due: &Due, now: UnixMs, error: &str) -> Result<(), StoreError> {
        self.settle(
            "UPDATE outbox SET state = 'dead', settled_ms = $4, error = $5
             WHERE domain = $1 AND id = $2 AND state = 'waiting' AND attempts = $3",
            values![due.domain, due.id, due.attempts, now, error],
        )
        .await
    }

    async fn settle(&self, sql: &'static str, values: Vec<Value>) -> Result<(), StoreError> {
        within(async {
            let mut transaction = self.database.write().await?;
            transaction.execute(sql, values).await?;
            transaction.commit().await
        })
        .await
    }

    /// Tries again at `now` what was given up, its attempts counted anew, and says how many that are.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn retry(&self, domain: DomainUuid, which: Retry, now: UnixMs) -> Result<u64, StoreError> {
        let id = match which {
            Retry::One(id) => Some(id.0),
            Retry::AllDead => None,
        };
        within(async {
            let mut transaction = self.database.write().await?;
            let retried = transaction
                .execute(
                    "UPDATE outbox SET state = 'waiting', attempts = 0, next_ms = $3, settled_ms = NULL
                     WHERE domain = $1 AND state = 'dead' AND ($2 IS NULL OR id = $2)",
                    values![domain, id, now],
                )
                .await?;
            transaction.commit().await?;
            Ok(retried)
        })
        .await
    }

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

fn as_due(row: &Row) -> Result<Due, StoreError> {
    Ok(Due {
        domain: DomainUuid::new(row.id("domain")?),
        id: DeliveryId(row.id("id")?),
        webhook: row.read("webhook")?,
        payload: row.read("payload")?,
        attempts: attempts(row)?,
        created: UnixMs(row.read("created_ms")?),
    })
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
