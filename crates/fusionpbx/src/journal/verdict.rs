//! Whether a transaction whose end nobody noted was committed.

use super::plan::PlannedRow;
use super::{JournalError, rows};
use crate::Text;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a transaction that the server has not ended is waited for. It ends one of a process that is gone once it notices.
const PATIENCE: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its rows are there.
    Committed,
    /// They are not, and will not be.
    Undone,
}

/// Why it cannot be told.
pub(super) enum Unclear {
    /// The database does not answer, or refuses.
    Database(JournalError),
    /// It answers, and that does not tell.
    Because(Text),
}

/// What the server itself knows of the transaction; where it has forgotten (another server, an old one), what the rows are like.
pub(super) async fn of(
    pool: &PgPool,
    transaction: &str,
    rows: &[PlannedRow<'_>],
) -> Result<Verdict, Unclear> {
    let failed = |error| Unclear::Database(super::unreachable(&error));
    let mut connection = pool.acquire().await.map_err(failed)?;
    let end = Instant::now() + PATIENCE;
    loop {
        match status(&mut connection, transaction).await.as_deref() {
            Some("committed") => return Ok(Verdict::Committed),
            Some("aborted") => return Ok(Verdict::Undone),
            Some(_) if Instant::now() < end => sleep(ASK_EVERY).await,
            Some(_) => {
                return Err(Unclear::Because(Text::new(
                    format!("its transaction {transaction} has not ended; run the command again in a minute"),
                    format!(
                        "a transação {transaction} dele ainda não terminou; execute o comando de novo em um minuto"
                    ),
                )));
            }
            None => return by_rows(&mut connection, rows).await,
        }
    }
}

/// PostgreSQL before 10 does not tell, and none does of a transaction that is long past or not of its own.
async fn status(connection: &mut PgConnection, transaction: &str) -> Option<String> {
    let number: i64 = transaction.parse().ok()?;
    sqlx::query_scalar("SELECT txid_status($1)")
        .bind(number)
        .fetch_one(connection)
        .await
        .ok()
        .flatten()
}

async fn by_rows(connection: &mut PgConnection, rows: &[PlannedRow<'_>]) -> Result<Verdict, Unclear> {
    let (mut written, mut unwritten) = (0, 0);
    for row in rows {
        let is_as = async |connection: &mut PgConnection, wanted| {
            rows::difference(connection, row.table, row.key, wanted)
                .await
                .map(|difference| difference.is_none())
                .map_err(Unclear::Database)
        };
        match (
            is_as(connection, row.after).await?,
            is_as(connection, row.image).await?,
        ) {
            (true, false) => written += 1,
            (false, true) => unwritten += 1,
            _ => {}
        }
    }
    match (written, unwritten) {
        (1.., 0) => Ok(Verdict::Committed),
        (0, 1..) => Ok(Verdict::Undone),
        _ => Err(Unclear::Because(Text::new(
            format!(
                "of its rows {written} are as it wanted them and {unwritten} as before; compare them with its rows.sql and plan.json, \
                 then move its folder away"
            ),
            format!(
                "das linhas dele, {written} estão como ele queria e {unwritten} como antes; compare-as com o rows.sql e o plan.json \
                 dele e depois mova a pasta"
            ),
        ))),
    }
}
