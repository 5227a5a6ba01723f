//! The two databases behind one face: every statement is written once, with `$1`, `$2`, … for its values.

use crate::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::types::uuid::fmt::Hyphenated;
use sqlx::{Decode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Type};
use uuid::Uuid;

/// The connections to one of them.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A value of a statement. A type's own null is an option's: PostgreSQL wants to know of which type nothing is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Flag(bool),
    Id(Option<Uuid>),
}

/// One transaction. Without a [`Transaction::commit`] nothing of it is done.
pub(crate) struct Transaction {
    connection: Connection,
    is_open: bool,
}

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Database {
    /// Begins to write. Two writers of an SQLite database wait for each other here, and not in their midst.
    pub(crate) async fn write(&self) -> Result<Transaction, StoreError> {
        self.begin("BEGIN IMMEDIATE", "BEGIN").await
    }

    /// Begins to read: all statements see the same state.
    pub(crate) async fn read(&self) -> Result<Transaction, StoreError> {
        self.begin("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
    }

    /// Lets nothing that was deleted lie in SQLite's write-ahead file. Where somebody is reading there meanwhile it stays until
    /// the next time, or until the last connection ends.
    pub(crate) async fn tidy(&self) {
        if let Self::Sqlite(pool) = self {
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await;
        }
    }

    async fn begin(&self, sqlite: &'static str, postgres: &'static str) -> Result<Transaction, StoreError> {
        let (connection, begin) = match self {
            Self::Sqlite(pool) => (Connection::Sqlite(pool.acquire().await?), sqlite),
            Self::Postgres(pool) => (Connection::Postgres(pool.acquire().await?), postgres),
        };
        let mut transaction = Transaction {
            connection,
            is_open: true,
        };
        transaction.command(begin).await?;
        Ok(transaction)
    }
}

impl Transaction {
    /// Whether several programs write at once.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// Does a statement and says how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        let changed = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite(sql, values)
                .execute(&mut **connection)
                .await?
                .rows_affected(),
            Connection::Postgres(connection) => postgres(sql, values)
                .execute(&mut **connection)
                .await?
                .rows_affected(),
        };
        Ok(changed)
    }

    /// Does a statement and hands out its rows.
    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = match &mut self.connection {
            Connection::Sqlite(connection) => {
                let rows = sqlite(sql, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(connection) => {
                let rows = postgres(sql, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        };
        Ok(rows)
    }

    /// Makes it last.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.command("COMMIT").await?;
        self.is_open = false;
        Ok(())
    }

    /// Undoes it.
    pub(crate) async fn undo(mut self) -> Result<(), StoreError> {
        self.command("ROLLBACK").await?;
        self.is_open = false;
        Ok(())
    }

    async fn command(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                sqlx::raw_sql(sql).execute(&mut **connection).await.map(drop)?
            }
            Connection::Postgres(connection) => {
                sqlx::raw_sql(sql).execute(&mut **connection).await.map(drop)?;
            }
        }
        Ok(())
    }
}

impl Drop for Transaction {
    /// What was begun and not ended, for an error, for a limit of time, ends with its connection: nothing more is asked of a
    /// database that may not answer.
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        match &mut self.connection {
            Connection::Sqlite(connection) => connection.close_on_drop(),
            Connection::Postgres(connection) => connection.close_on_drop(),
        }
    }
}

impl Row {
    /// The value of a column that both databases keep alike.
    pub(crate) fn read<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// The id in a column that may have none.
    pub(crate) fn optional_id(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row
                .try_get::<Option<Hyphenated>, _>(column)?
                .map(Hyphenated::into_uuid),
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// The id in a column.
    pub(crate) fn id(&self, column: &'static str) -> Result<Uuid, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get::<Hyphenated, _>(column)?.into_uuid(),
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// The count in a column: never less than nothing.
    pub(crate) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        Ok(self.read::<i64>(column)?.try_into().unwrap_or_default())
    }

    /// The count in a column that may have none.
    pub(crate) fn optional_count(&self, column: &'static str) -> Result<Option<u64>, StoreError> {
        let count: Option<i64> = self.read(column)?;
        Ok(count.map(|count| count.try_into().unwrap_or_default()))
    }
}

fn sqlite(sql: &'static str, values: Vec<Value>) -> Query<'static, Sqlite, SqliteArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Int(int) => query.bind(int),
            Value::Text(text) => query.bind(text),
            Value::Flag(flag) => query.bind(flag),
            Value::Id(id) => query.bind(id.map(Uuid::hyphenated)),
        })
}

fn postgres(sql: &'static str, values: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Int(int) => query.bind(int),
            Value::Text(text) => query.bind(text),
            Value::Flag(flag) => query.bind(flag),
            Value::Id(id) => query.bind(id),
        })
}

/// The values of a statement, each converted to a [`Value`].
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::database::Value::from($value)),*] };
}
pub(crate) use values;

macro_rules! from {
    ($($given:ty => |$value:ident| $made:expr;)*) => {
        $(impl From<$given> for Value {
            fn from($value: $given) -> Self {
                $made
            }
        })*
    };
}

from! {
    i64 => |int| Self::Int(Some(int));
    Option<i64> => |int| Self::Int(int);
    u32 => |int| Self::Int(Some(int.into()));
    u64 => |int| Self::Int(Some(saturated(int)));
    Option<u64> => |int| Self::Int(int.map(saturated));
    crate::UnixMs => |at| Self::Int(Some(at.0));
    bool => |flag| Self::Flag(flag);
    &str => |text| Self::Text(Some(clean(text)));
    &String => |text| Self::Text(Some(clean(text)));
    String => |text| Self::Text(Some(clean(&text)));
    Option<&String> => |text| Self::Text(text.map(|text| clean(text)));
    Uuid => |id| Self::Id(Some(id));
    Option<Uuid> => |id| Self::Id(id);
    secretary::DomainUuid => |id| Self::Id(Some(id.uuid()));
    secretary::CallUuid => |id| Self::Id(Some(id.uuid()));
    crate::ConversationId => |id| Self::Id(Some(id.0));
    crate::MessageId => |id| Self::Id(Some(id.0));
    crate::DeliveryId => |id| Self::Id(Some(id.0));
}

/// Neither database has an unsigned 64-bit integer.
fn saturated(int: u64) -> i64 {
    int.try_into().unwrap_or(i64::MAX)
}

/// PostgreSQL refuses a text with U+0000, and a refused entry would stop the journal for ever.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}
