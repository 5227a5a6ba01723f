//! What can go wrong with a database.

use std::path::PathBuf;

/// What went wrong. No message has a password or anything that a caller said.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be opened.
    #[error("the store {location} cannot be opened: {source}; {remedy}")]
    Open {
        /// Which.
        location: String,
        /// Why.
        source: sqlx::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// The folder or the file of an SQLite database could not be made.
    #[error("{path} cannot be made: {source}; the user that runs voice-ai needs the right to write there")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no database to look into.
    #[error(
        "there is no store {0} yet: the server makes it when it starts with this configuration (is --config the server's own?)"
    )]
    Missing(String),
    /// A newer program has changed the database.
    #[error(
        "the store {location} was written by a newer voice-ai (its version is {version}, this program knows {known}): run that version, or restore the backup from before the upgrade"
    )]
    Newer {
        /// Which.
        location: String,
        /// The version of its tables.
        version: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// Its tables could not be brought up to date.
    #[error(
        "the tables of the store {location} cannot be brought up to date: {source}; the user of the database needs the right to create tables"
    )]
    Migration {
        /// Which.
        location: String,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// It failed.
    #[error("the store failed: {0}")]
    Database(#[from] sqlx::Error),
    /// It did not answer.
    #[error("the store has not answered for {0} s")]
    Slow(u64),
    /// A row is not as this program wrote it.
    #[error(
        "column {column} of table {table} holds what this program did not write; restore it from a backup"
    )]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A number to look for without a digit.
    #[error("a caller's number needs digits, such as +55 11 91234-5678")]
    NoDigits,
}
