//! Deliveries that somebody takes upon himself to send, and what becomes of them.

use super::attempts;
use crate::database::{Row, Value, values};
use crate::store::{Store, within};
use crate::{DeliveryId, StoreError, UnixMs};
use secretary::DomainUuid;
use std::time::{Duration, Instant};

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
               WHERE state = 'waiting' AND domain = $4 AND webhook = $5 AND next_ms <= $1
               ORDER BY next_ms LIMIT $2 ",
            $lock,
            ") RETURNING domain, id, webhook, payload, attempts, created_ms"
        )
    };
}

impl Store {
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

    /// Takes at most `limit` deliveries that are due at `now` to one receiver, a domain's webhook of that name, the oldest first. For
    /// the length of `lease`, from when they are taken, nobody else gets them, from this gateway or another.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn due(
        &self,
        (domain, webhook): (DomainUuid, &str),
        now: UnixMs,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Due>, StoreError> {
        let webhook = webhook.to_owned();
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
                .rows(claim, values![now, limit, until, domain, webhook])
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
