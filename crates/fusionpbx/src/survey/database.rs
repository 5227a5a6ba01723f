//! FusionPBX's database, and its clock.

use super::switch::ahead_ms;
use crate::database::Database;
use crate::settings::{EventSocket, Settings};
use crate::{DatabaseFacts, Unread};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};

/// How long the older place of the event socket's address is looked for, as FreeSWITCH waits for it meanwhile.
const ADDRESS: Duration = Duration::from_millis(500);

/// How long the clock is waited for.
const CLOCK: Duration = Duration::from_millis(500);

/// What was found, and how far the database's clock is ahead, in milliseconds.
pub(super) struct Found {
    pub(super) facts: Result<DatabaseFacts, Unread>,
    pub(super) clock_ms: Option<i64>,
}

pub(super) async fn find(settings: Result<&Settings, &Unread>) -> Found {
    let connected = match settings {
        Ok(settings) => Database::connect(&settings.database)
            .await
            .map_err(|error| Unread::from(&error)),
        Err(why) => Err(why.clone()),
    };
    let database = match connected {
        Ok(database) => database,
        Err(why) => {
            return Found {
                facts: Err(why),
                clock_ms: None,
            };
        }
    };
    // Alone on its connection, so that nothing is in the way of the answer.
    let clock_ms = timeout(CLOCK, clock(&database)).await.ok().flatten();
    let facts = database.facts().await;
    database.pool().close().await;
    Found {
        facts: facts.map_err(|error| Unread::from(&error)),
        clock_ms,
    }
}

/// How far its clock is ahead: its answer was true about half-way between question and answer.
async fn clock(database: &Database) -> Option<i64> {
    let mut connection = database.pool().acquire().await.ok()?;
    let asked = Instant::now();
    let told: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        .fetch_one(&mut *connection)
        .await
        .ok()?;
    let half_way = SystemTime::now() - asked.elapsed() / 2;
    let told = Duration::from_micros(u64::try_from(told).ok()?);
    Some(ahead_ms(told, half_way))
}

/// What `v_settings` of older versions says, where it says anything.
pub(super) async fn event_socket(settings: &Settings) -> Option<EventSocket> {
    let found = timeout(ADDRESS, async {
        let database = Database::connect(&settings.database).await.ok()?;
        let socket = database.event_socket().await.ok().flatten();
        database.pool().close().await;
        socket
    });
    found.await.ok().flatten()
}
