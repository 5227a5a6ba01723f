//! What a domain has used.

use crate::database::values;
use crate::store::{Store, within};
use crate::{StoreError, UnixMs};
use secretary::DomainUuid;
use serde::Serialize;

/// What a domain has used since an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Usage {
    /// How long its calls took, in milliseconds; of a call that began before, what came after.
    pub call_ms: u64,
    /// What the engines of calls that ended since cost, in millionths of the currency of the configured prices.
    pub cost_micros: u64,
}

impl Store {
    /// What the domain has used since then, in calls that are over: those that go on are in nobody's books yet.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn usage(&self, domain: DomainUuid, since: UnixMs) -> Result<Usage, StoreError> {
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT
                       CAST(COALESCE(SUM(ended_ms - CASE WHEN at_ms > $2 THEN at_ms ELSE $2 END), 0) AS BIGINT) AS call_ms,
                       CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) AS cost_micros
                     FROM conversations WHERE domain = $1 AND ended_ms > $2",
                    values![domain, since],
                )
                .await?;
            transaction.commit().await?;
            let Some(row) = rows.first() else {
                return Ok(Usage::default());
            };
            Ok(Usage {
                call_ms: row.count("call_ms")?,
                cost_micros: row.count("cost_micros")?,
            })
        })
        .await
    }
}
