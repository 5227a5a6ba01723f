//! Forgetting: what a caller asks for, and what is older than the domain keeps.

use crate::database::{Row, Transaction, Value, values};
use crate::filter::caller_digits;
use crate::store::{Store, within};
use crate::{ConversationId, StoreError, UnixMs};
use secretary::DomainUuid;
use serde::Serialize;

/// A conversation without an end may still go on for so long; after that its process must have died.
const RUNNING_MS: i64 = 24 * 60 * 60 * 1_000;
/// Conversations that are purged in one transaction: with a hundred turns each it is well within the limit of an operation, and the
/// task that writes entries waits no longer than for one of its own batches.
const AT_ONCE: u32 = 500;
/// Ids of erased conversations that are let go in one transaction.
const GONE_AT_ONCE: u32 = 10 * AT_ONCE;

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

    fn add(&mut self, more: Self) {
        self.conversations += more.conversations;
        self.turns += more.turns;
        self.messages += more.messages;
        self.deliveries += more.deliveries;
        self.files.extend(more.files);
        self.unfinished.extend(more.unfinished);
        self.running += more.running;
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

    /// Forgets the domain's conversations that began before an instant, and what belongs to them: a delivery that waits as well. It
    /// goes 500 conversations at a time until nothing is left.
    ///
    /// # Errors
    /// Where the database fails or does not answer before anything is forgotten. Where it does so later, the rest is left for the
    /// next time: the files of what is forgotten are told in any case.
    pub async fn purge(&self, domain: DomainUuid, before: UnixMs, now: UnixMs) -> Result<Erased, StoreError> {
        while self.let_go(domain, before).await? == u64::from(GONE_AT_ONCE) {}
        let mut purged = Erased::default();
        loop {
            match self.purge_some(domain, before, now).await {
                Ok(some) if some.conversations == 0 => return Ok(purged),
                Ok(some) => purged.add(some),
                Err(error) if purged.conversations == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(%domain, %error, "not all that is too old could be forgotten now; the rest goes the next time");
                    return Ok(purged);
                }
            }
        }
    }

    /// Forgets the oldest 500 of the domain's conversations that began before an instant, in one transaction, so that neither years of
    /// calls nor a slow disk make it too long, and entries are written in between. None of them is left where it forgets none.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    async fn purge_some(
        &self,
        domain: DomainUuid,
        before: UnixMs,
        now: UnixMs,
    ) -> Result<Erased, StoreError> {
        within(async {
            let mut transaction = self.database.write().await?;
            let erased = forget(&mut transaction, &OLD, values![domain, before, AT_ONCE], now).await?;
            transaction.commit().await?;
            if erased.conversations < u64::from(AT_ONCE) {
                self.database.tidy().await;
            }
            Ok(erased)
        })
        .await
    }

    /// Lets go of ids that were erased before an instant, and says how many: nothing of them can come from a journal any more.
    async fn let_go(&self, domain: DomainUuid, before: UnixMs) -> Result<u64, StoreError> {
        within(async {
            let mut transaction = self.database.write().await?;
            let count = transaction
                .execute(
                    "DELETE FROM gone WHERE domain = $1 AND conversation IN
                       (SELECT conversation FROM gone WHERE domain = $1 AND at_ms < $2 LIMIT $3)",
                    values![domain, before, GONE_AT_ONCE],
                )
                .await?;
            transaction.commit().await?;
            Ok(count)
        })
        .await
    }
}

/// The statements that forget some conversations. `$1` is the domain; `$2` and `$3` say which; `$4` is now.
struct Forgetting {
    remember: &'static str,
    deliveries: &'static str,
    messages: &'static str,
    turns: &'static str,
    conversations: &'static str,
}

/// What belongs to a conversation goes where the conversation is remembered as gone: each statement sees what others have committed
/// meanwhile, and one that came in between is not among them.
macro_rules! forgetting {
    ($which:literal) => {
        Forgetting {
            remember: concat!(
                "INSERT INTO gone (domain, conversation, at_ms) SELECT domain, id, $4 FROM conversations WHERE domain = $1 AND id IN (",
                $which,
                ") ORDER BY id ON CONFLICT (domain, conversation) DO NOTHING"
            ),
            deliveries: forgetting!("DELETE FROM outbox WHERE domain = $1 AND conversation IN (", $which, ")"),
            messages: forgetting!("DELETE FROM messages WHERE domain = $1 AND conversation IN (", $which, ")"),
            turns: forgetting!("DELETE FROM turns WHERE domain = $1 AND conversation IN (", $which, ")"),
            conversations: forgetting!(
                "DELETE FROM conversations WHERE domain = $1 AND id IN (",
                $which,
                ") RETURNING id, at_ms, ended_ms, recording, event_log"
            ),
        }
    };
    ($begin:literal, $which:literal, $end:literal) => {
        concat!(
            $begin,
            "SELECT conversation FROM gone WHERE domain = $1 AND conversation IN (",
            $which,
            ")",
            $end
        )
    };
}

/// Those of a caller (`$2`, his digits) that have an end or began before `$3`.
const HIS: Forgetting = forgetting!(
    "SELECT id FROM conversations WHERE domain = $1 AND caller_digits = $2 AND (ended_ms IS NOT NULL OR at_ms < $3)"
);

/// The oldest that began before `$2`, so many as `$3`.
const OLD: Forgetting =
    forgetting!("SELECT id FROM conversations WHERE domain = $1 AND at_ms < $2 ORDER BY at_ms, id LIMIT $3");

async fn erase(
    transaction: &mut Transaction,
    domain: DomainUuid,
    digits: &str,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let over = UnixMs(now.0.saturating_sub(RUNNING_MS));
    let mut erased = forget(transaction, &HIS, values![domain, digits, over], now).await?;
    let running = transaction
        .rows(
            "SELECT COUNT(*) AS running FROM conversations WHERE domain = $1 AND caller_digits = $2",
            values![domain, digits],
        )
        .await?;
    erased.running = running.first().map_or(Ok(0), |row| row.count("running"))?;
    Ok(erased)
}

/// Forgets the conversations that these statements name with these values, and whatever belongs to them.
async fn forget(
    transaction: &mut Transaction,
    forgetting: &Forgetting,
    which: Vec<Value>,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    let mut remembered = which.clone();
    remembered.extend(values![now]);
    transaction.execute(forgetting.remember, remembered).await?;
    let deliveries = transaction.execute(forgetting.deliveries, which.clone()).await?;
    let messages = transaction.execute(forgetting.messages, which.clone()).await?;
    let turns = transaction.execute(forgetting.turns, which.clone()).await?;
    let rows = transaction.rows(forgetting.conversations, which).await?;
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
