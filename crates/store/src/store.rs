//! The store: how it is opened, and how long it may take.

use crate::database::Database;
use crate::location::{Location, Place};
use crate::{StoreError, migrations};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

/// How long one operation may take, waiting for a connection included. Who asks is a task beside the calls or a person.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the tables may take to be brought up to date: years of calls may lie in them, and another gateway may be at it already.
const MIGRATE: Duration = Duration::from_secs(600);
/// How long a connection may take to come. The journal waits in front of the database, so it is better to be told early.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one writer of an SQLite database waits for another.
const BUSY: Duration = Duration::from_secs(10);
/// A gateway has one task that writes entries, one that sends deliveries, and people who look.
const CONNECTIONS: u32 = 4;

/// What happened, in one database. Cheap to clone: the clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) database: Database,
}

impl Store {
    /// Opens the store, makes an SQLite file (readable by its owner alone) that is not there, and brings the tables up to date.
    ///
    /// # Errors
    /// Where the database cannot be reached or was written by a newer program.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        if let Some(path) = location.file() {
            make(path).map_err(|source| StoreError::File {
                path: path.into(),
                source,
            })?;
        }
        Self::open_existing(location).await
    }

    /// Opens the store as [`Store::open`] does, but makes no file: what only looks must not leave one that belongs to the wrong
    /// user or lies in the wrong folder.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such file, and all of [`Store::open`].
    pub async fn open_existing(location: &Location) -> Result<Self, StoreError> {
        let database = match &location.0 {
            Place::Sqlite(path) if !path.exists() => return Err(StoreError::Missing(location.to_string())),
            Place::Sqlite(path) => sqlite(path).await.map_err(|source| StoreError::Open {
                location: location.to_string(),
                source,
                remedy: "the user that runs voice-ai needs to read and write this file and its folder",
            })?,
            Place::Postgres(options) => postgres(options).await.map_err(|source| StoreError::Open {
                location: location.to_string(),
                source,
                remedy: "check host, port, database, user and password (PGPASSWORD or ~/.pgpass), and pg_hba.conf of the server",
            })?,
        };
        in_time(MIGRATE, migrations::run(&database, location)).await??;
        Ok(Self { database })
    }

    /// Ends the connections, as soon as nobody uses them.
    pub async fn close(&self) {
        match &self.database {
            Database::Sqlite(pool) => pool.close().await,
            Database::Postgres(pool) => pool.close().await,
        }
    }
}

/// Gives up after [`LIMIT`]: a database behind a dead network answers neither yes nor no.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    in_time(LIMIT, work).await?
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, StoreError> {
    tokio::time::timeout(limit, work)
        .await
        .map_err(|_| StoreError::Slow(limit.as_secs()))
}

/// SQLite gives the files beside it (`-wal`, `-shm`) the rights of this one.
fn make(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn sqlite(path: &Path) -> Result<Database, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL may lose the last commits when the power goes, and the journal forgets what was committed.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // What is erased is written over.
        .pragma("secure_delete", "ON");
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT)
        .connect_with(options)
        .await?;
    Ok(Database::Sqlite(pool))
}

async fn postgres(options: &PgConnectOptions) -> Result<Database, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT)
        .connect_with(options.clone())
        .await?;
    Ok(Database::Postgres(pool))
}
