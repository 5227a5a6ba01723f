//! Rows: read whole, written in one transaction, compared by the types of their columns.
//!
//! Table and column names cannot be parameters. Those of tables are our own constants; those of columns are looked up in the
//! database first and quoted.

use super::error::Difference;
use super::plan::{Columns, PlannedRow};
use super::{JournalError, Point, Watch};
use crate::Table;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use std::collections::HashSet;
use uuid::Uuid;

/// What PostgreSQL says when a row was locked for longer than `lock_timeout`, when two wait for each other, and when a key is there.
const LOCK_NOT_AVAILABLE: &str = "55P03";
const DEADLOCK: &str = "40P01";
const UNIQUE_VIOLATION: &str = "23505";

/// How the codes begin that it says when it is shut down or an operator ends the connection.
const OPERATOR: &str = "57P";

/// How long a row that somebody else has locked is waited for, and a statement at most.
const PATIENCE: &str = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '30s'";

/// A row as it is, whole.
pub(super) async fn read(
    connection: &mut PgConnection,
    table: Table,
    key: Uuid,
) -> Result<Option<Columns>, JournalError> {
    let (name, column) = (table.name(), table.key());
    let sql = format!("SELECT to_jsonb(t)::text FROM {name} t WHERE {column} = $1");
    let text: Option<String> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(|source| refused(table, key, source))?;
    text.map(|text| columns(table, &text)).transpose()
}

/// In what a row differs from what columns of it should be. These are read as the types of the table's columns first, so that
/// `"true"` is `true` where a flag is boolean.
pub(super) async fn difference(
    connection: &mut PgConnection,
    table: Table,
    key: Uuid,
    wanted: Option<&Columns>,
) -> Result<Option<Difference>, JournalError> {
    let now = read(connection, table, key).await?;
    let (now, wanted) = match (now, wanted) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Ok(Some(Difference::Gone)),
        (Some(_), None) => return Ok(Some(Difference::There)),
        (Some(now), Some(wanted)) => (now, wanted),
    };
    let typed = typed(connection, table, key, wanted).await?;
    let differs = |column: &&String| typed.get(*column) != now.get(*column);
    Ok(wanted
        .keys()
        .find(differs)
        .map(|column| Difference::Column(column.clone())))
}

/// A whole row as PostgreSQL makes it of some columns: each of its type, what is not there NULL.
pub(super) async fn typed(
    connection: &mut PgConnection,
    table: Table,
    key: Uuid,
    of: &Columns,
) -> Result<Columns, JournalError> {
    let name = table.name();
    let sql = format!("SELECT to_jsonb(jsonb_populate_record(NULL::{name}, $1::jsonb))::text");
    let text: String = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(Value::Object(of.clone()).to_string())
        .fetch_one(connection)
        .await
        .map_err(|source| refused(table, key, source))?;
    columns(table, &text)
}

/// Refuses columns that a table does not have: PostgreSQL would leave them out and say nothing.
pub(super) async fn known(
    connection: &mut PgConnection,
    table: Table,
    used: impl Iterator<Item = &String>,
) -> Result<(), JournalError> {
    let there: Vec<String> = sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped",
    )
    .bind(table.name())
    .fetch_all(connection)
    .await
    .map_err(|source| JournalError::Refused { table, source })?;
    if there.is_empty() {
        return Err(JournalError::NoTable(table));
    }
    let there: HashSet<_> = there.iter().collect();
    match used.into_iter().find(|column| !there.contains(column)) {
        Some(column) => Err(JournalError::NoColumn {
            table,
            column: column.clone(),
        }),
        None => Ok(()),
    }
}

/// Writes rows in a transaction that is still to be committed, and tells its number. A row that is not as its image changes nothing.
pub(super) async fn write(
    pool: &PgPool,
    rows: &[PlannedRow<'_>],
    watch: &mut dyn Watch,
) -> Result<(Transaction<'static, Postgres>, String), JournalError> {
    let mut transaction = pool.begin().await.map_err(|error| super::unreachable(&error))?;
    sqlx::raw_sql(PATIENCE)
        .execute(&mut *transaction)
        .await
        .map_err(|error| super::unreachable(&error))?;
    for row in rows {
        write_one(&mut transaction, row).await?;
        watch.passes(Point::Row);
    }
    let number = sqlx::query_scalar("SELECT txid_current()::text")
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| super::unreachable(&error))?;
    Ok((transaction, number))
}

async fn write_one(connection: &mut PgConnection, row: &PlannedRow<'_>) -> Result<(), JournalError> {
    let (table, key) = (row.table, row.key);
    let (name, column) = (table.name(), table.key());
    // It waits for whoever is writing the row, and then nobody else can until the transaction's end.
    let lock = format!("SELECT 1 FROM {name} WHERE {column} = $1 FOR UPDATE");
    sqlx::query(AssertSqlSafe(lock))
        .bind(key)
        .fetch_optional(&mut *connection)
        .await
        .map_err(|source| refused(table, key, source))?;
    if let Some(in_what) = difference(&mut *connection, table, key, row.image).await? {
        return Err(JournalError::RowChanged { table, key, in_what });
    }
    let (sql, columns) = match (row.image, row.after) {
        (None, None) => return Ok(()),
        (Some(_), None) => (format!("DELETE FROM {name} WHERE {column} = $1"), None),
        (None, Some(after)) => {
            let mut whole = after.clone();
            whole.insert(column.into(), Value::String(key.to_string()));
            (
                format!(
                    "INSERT INTO {name} SELECT r.* FROM jsonb_populate_record(NULL::{name}, $2::jsonb) AS r WHERE r.{column} = $1"
                ),
                Some(whole),
            )
        }
        (Some(_), Some(after)) if after.is_empty() => return Ok(()),
        (Some(_), Some(after)) => (update(table, after), Some(after.clone())),
    };
    let query = sqlx::query(AssertSqlSafe(sql)).bind(key);
    let query = match columns {
        Some(columns) => query.bind(Value::Object(columns).to_string()),
        None => query,
    };
    query
        .execute(connection)
        .await
        .map_err(|source| refused(table, key, source))?;
    Ok(())
}

fn update(table: Table, columns: &Columns) -> String {
    let (name, key) = (table.name(), table.key());
    let set: Vec<_> = columns
        .keys()
        .map(|column| {
            let column = format!("\"{}\"", column.replace('"', "\"\""));
            format!("{column} = r.{column}")
        })
        .collect();
    format!(
        "UPDATE {name} AS t SET {} FROM jsonb_populate_record(NULL::{name}, $2::jsonb) AS r WHERE t.{key} = $1",
        set.join(", ")
    )
}

fn columns(table: Table, text: &str) -> Result<Columns, JournalError> {
    serde_json::from_str(text).map_err(|error| JournalError::Refused {
        table,
        source: sqlx::Error::Decode(Box::new(error)),
    })
}

fn refused(table: Table, key: Uuid, source: sqlx::Error) -> JournalError {
    let code = source.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(LOCK_NOT_AVAILABLE | DEADLOCK) => JournalError::RowLocked { table, key },
        Some(UNIQUE_VIOLATION) => JournalError::RowChanged {
            table,
            key,
            in_what: Difference::There,
        },
        Some(code) if !code.starts_with(OPERATOR) => JournalError::Refused { table, source },
        _ => super::unreachable(&source),
    }
}
