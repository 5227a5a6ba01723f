//! A database that need not be there yet.

use super::{Sink, SinkError};
use crate::store::within;
use crate::{Entry, Location, Store, StoreError};
use std::sync::Arc;
use tokio::sync::{Mutex, OnceCell};
use tokio::task::JoinSet;

/// A store that is opened when it first can be. Clones share it.
#[derive(Debug, Clone)]
pub struct LateStore {
    location: Arc<Location>,
    opened: Arc<OnceCell<Store>>,
    /// The task that opens it, while one does: it outlives who asked for it, for tables that are brought up to date take longer than
    /// anybody waits. It ends with the last clone. Whoever holds the lock waits for it.
    opening: Arc<Mutex<JoinSet<Result<(), StoreError>>>>,
}

impl LateStore {
    /// The store there, not opened yet.
    #[must_use]
    pub fn new(location: Location) -> Self {
        Self {
            location: Arc::new(location),
            opened: Arc::default(),
            opening: Arc::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The store, which is opened if it is not yet. Who stops waiting does not stop the opening.
    ///
    /// # Errors
    /// It cannot be opened now, or that takes longer than an operation may; it goes on then, and may be asked for again.
    pub async fn get(&self) -> Result<&Store, StoreError> {
        if let Some(store) = self.opened.get() {
            return Ok(store);
        }
        within(self.open()).await
    }

    async fn open(&self) -> Result<&Store, StoreError> {
        let mut opening = self.opening.lock().await;
        loop {
            if let Some(store) = self.opened.get() {
                return Ok(store);
            }
            match opening.join_next().await {
                None => {
                    let (location, opened) = (self.location.clone(), self.opened.clone());
                    opening.spawn(async move {
                        opened.get_or_try_init(|| Store::open(&location)).await.map(drop)
                    });
                }
                Some(Ok(outcome)) => outcome?,
                // It panicked, which has been told, or the runtime ends.
                Some(Err(_)) => return Err(sqlx::Error::WorkerCrashed.into()),
            }
        }
    }

    /// The store, if it was opened.
    #[must_use]
    pub fn opened(&self) -> Option<&Store> {
        self.opened.get()
    }
}

impl Sink for LateStore {
    async fn apply(&self, entries: &[Entry]) -> Result<(), SinkError> {
        let store = self.get().await.map_err(refusal)?;
        store.apply(entries).await.map_err(refusal)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn refusal(error: StoreError) -> SinkError {
    match for_ever(&error) {
        // A database's own words could repeat the value that it refuses.
        Some(code) => SinkError::Refused(format!("the database refuses it: error {code}")),
        None => SinkError::Unavailable(error.to_string()),
    }
}

/// The code of an error that the same values will meet again: of PostgreSQL the classes 22 (data) and 23 (constraints), of SQLite
/// TOOBIG, CONSTRAINT and MISMATCH (its extended codes have them in the lowest byte).
fn for_ever(error: &StoreError) -> Option<String> {
    let StoreError::Database(sqlx::Error::Database(error)) = error else {
        return None;
    };
    let code = error.code()?;
    let is_postgres = code.len() == 5
        && error
            .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
            .is_some();
    let stays = if is_postgres {
        code.starts_with("22") || code.starts_with("23")
    } else {
        code.parse::<u32>()
            .is_ok_and(|code| [18, 19, 20].contains(&(code & 0xff)))
    };
    stays.then(|| code.into_owned())
}
