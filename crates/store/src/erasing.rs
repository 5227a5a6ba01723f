//! Forgetting: what a caller asks for, and what is older than the domain keeps.

use crate::database::{Row, Transaction, values};
use crate::filter::caller_digits;
use crate::store::{Store, within};
use crate::{ConversationId, StoreError, UnixMs};
use secretary::DomainUuid;
use serde::Serialize;

/// A conversation without an end may still go on for so long; after that its process must have died.
const RUNNING_MS: i64 = 24 * 60 * 60 * 1_000;

/// A conversation without an end, whose process died: no row names its files, which lie where its id and its day put them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// Which.
    pub conversation: ConversationId,
    /// When it began, or the first that was known of it.
    pub at: UnixMs,
}

/// What is forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Erased {
    /// Conversations.
    pub conversations: u64,
    /// Their turns.
    pub turns: u64,
    /// Their messages.
    pub messages: u64,
    /// What was, or was to be, told about them.
    pub deliveries: u64,
    /// Their recordings and event logs, paths below the data folder: whoever asked deletes them.
    pub files: Vec<String>,
    /// Those of the conversations that have no end: whoever asked looks for files of theirs.
    pub unfinished: Vec<Unfinished>,
    /// Conversations of the caller that may still go on: they stay, and can be erased when they are over.
    pub running: u64,
}

impl Erased {
    /// Whether there was nothing to forget.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.conversations == 0 && self.running == 0
    }
}

impl Store {
    /// What [`Store::erase`] would forget. It changes nothing.
    ///
    /// # Errors
    /// Where the number has no digit, and where the database fails or does not answer.
    pub async fn erasable(
        &self,
        domain: DomainUuid,
        caller: &str,
        now: UnixMs,
    ) -> Result<Erased, StoreError> {
        let digits = caller_digits(caller)?;
        within(async {
            let mut transaction = self.database.write().await?;
            let erased = erase(&mut transaction, domain, &digits, now).await?;
            transaction.undo().await?;
            Ok(erased)
        })
        .await
    }

    /// Forgets all conversations of a caller with this domain, by his number (only digits count), and what belongs to them. An entry
    /// of them that comes again brings nothing back.
    ///
    /// # Errors
    /// Where the number has no digit, and where the database fails or does not answer.
    pub async fn erase(&self, domain: DomainUuid, caller: &str, now: UnixMs) -> Result<Erased, StoreError> {
        let digits = caller_digits(caller)?;
        within(async {
            let mut transaction = self.database.write().await?;
            let erased = erase(&mut transaction, domain, &digits, now).await?;
            transaction.commit().await?;
            self.database.tidy().await;
            Ok(erased)
        })
        .await
    }

    /// Forgets the domain's conversations that began before an instant, and what belongs to them: a delivery that waits as well.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn purge(&self, domain: DomainUuid, before: UnixMs, now: UnixMs) -> Result<Erased, StoreError> {
        within(async {
            let mut transaction = self.database.write().await?;
            transaction
                .execute(
                    "DELETE FROM gone WHERE domain = $1 AND at_ms < $2",
                    values![domain, before],
                )
                .await?;
            transaction
                .execute(
                    "INSERT INTO gone (domain, conversation, at_ms)
                     SELECT domain, id, $3 FROM conversations WHERE domain = $1 AND at_ms < $2
                     ON CONFLICT (domain, conversation) DO NOTHING",
                    values![domain, before, now],
                )
                .await?;
            let erased = forget(&mut transaction, domain).await?;
            transaction.commit().await?;
            self.database.tidy().await;
            Ok(erased)
        })
        .await
    }
}

async fn erase(
    transaction: &mut Transaction,
    domain: DomainUuid,
    digits: &str,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let over = UnixMs(now.0.saturating_sub(RUNNING_MS));
    transaction
        .execute(
            "INSERT INTO gone (domain, conversation, at_ms)
             SELECT domain, id, $4 FROM conversations
             WHERE domain = $1 AND caller_digits = $2 AND (ended_ms IS NOT NULL OR at_ms < $3)
             ON CONFLICT (domain, conversation) DO NOTHING",
            values![domain, digits, over, now],
        )
        .await?;
    let mut erased = forget(transaction, domain).await?;
    let running = transaction
        .rows(
            "SELECT COUNT(*) AS running FROM conversations WHERE domain = $1 AND caller_digits = $2",
            values![domain, digits],
        )
        .await?;
    erased.running = running.first().map_or(Ok(0), |row| row.count("running"))?;
    Ok(erased)
}

/// Deletes whatever belongs to a conversation that is gone.
async fn forget(transaction: &mut Transaction, domain: DomainUuid) -> Result<Erased, StoreError> {
    let deliveries = transaction
        .execute(
            "DELETE FROM outbox WHERE domain = $1
               AND conversation IN (SELECT conversation FROM gone WHERE domain = $1)",
            values![domain],
        )
        .await?;
    let messages = transaction
        .execute(
            "DELETE FROM messages WHERE domain = $1
               AND conversation IN (SELECT conversation FROM gone WHERE domain = $1)",
            values![domain],
        )
        .await?;
    let turns = transaction
        .execute(
            "DELETE FROM turns WHERE domain = $1
               AND conversation IN (SELECT conversation FROM gone WHERE domain = $1)",
            values![domain],
        )
        .await?;
    let rows = transaction
        .rows(
            "DELETE FROM conversations WHERE domain = $1
               AND id IN (SELECT conversation FROM gone WHERE domain = $1)
             RETURNING id, at_ms, ended_ms, recording, event_log",
            values![domain],
        )
        .await?;
    let mut erased = Erased {
        conversations: rows.len() as u64,
        turns,
        messages,
        deliveries,
        ..Erased::default()
    };
    add_files(&mut erased, &rows)?;
    Ok(erased)
}

fn add_files(erased: &mut Erased, rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        if row.read::<Option<i64>>("ended_ms")?.is_none() {
            erased.unfinished.push(Unfinished {
                conversation: ConversationId(row.id("id")?),
                at: UnixMs(row.read("at_ms")?),
            });
        }
        for column in ["recording", "event_log"] {
            erased.files.extend(row.read::<Option<String>>(column)?);
        }
    }
    Ok(())
}
