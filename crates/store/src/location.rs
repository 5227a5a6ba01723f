//! Where the database is.

use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

/// Where the database is. Neither its text nor its `Debug` has a password.
#[derive(Clone)]
pub struct Location(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// A text that names no database.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// It begins with none of the schemes. The text itself is not shown: it may have a password.
    #[error(
        "a store's URL begins with sqlite: or postgres://, such as \"sqlite:voice-ai.db\" or \"postgres://voice_ai@db.example.com/voice_ai\""
    )]
    Scheme,
    /// There is no path after `sqlite:`.
    #[error(
        "\"sqlite:\" needs a path, such as \"sqlite:voice-ai.db\" or \"sqlite:/var/lib/voice-ai/voice-ai.db\"; a database in memory would lose what callers said"
    )]
    Path,
    /// What follows `postgres:` cannot be read. What it is stands in no message, for the same reason.
    #[error(
        "the PostgreSQL URL cannot be read; it must look like \"postgres://USER@HOST:5432/DATABASE?sslmode=verify-full\" (sslmode: disable, allow, prefer, require, verify-ca or verify-full), with the password in PGPASSWORD or in ~/.pgpass, or percent-encoded after USER:"
    )]
    Postgres,
}

impl Location {
    /// Reads `sqlite:PATH`, a path being relative to `folder`, or `postgres://USER@HOST:PORT/DATABASE?sslmode=…`. What a PostgreSQL
    /// URL leaves out comes from the variables of libpq (`PGHOST`, `PGPASSWORD`, …) and from `~/.pgpass`.
    ///
    /// # Errors
    /// Where the text names no database.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, LocationError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") || path.contains('?') {
                return Err(LocationError::Path);
            }
            return Ok(Self(Place::Sqlite(folder.join(path))));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(LocationError::Scheme);
        }
        let options = PgConnectOptions::from_str(text).map_err(|_| LocationError::Postgres)?;
        Ok(Self(Place::Postgres(Box::new(
            options.application_name("voice-ai"),
        ))))
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::Sqlite(path) => Some(path),
            Place::Postgres(_) => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Place::Postgres(options) => {
                let host = options
                    .get_socket()
                    .map_or_else(|| options.get_host().into(), |path| path.display().to_string());
                let database = options.get_database().unwrap_or_else(|| options.get_username());
                write!(
                    f,
                    "postgres://{}@{host}:{}/{database}",
                    options.get_username(),
                    options.get_port()
                )
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
