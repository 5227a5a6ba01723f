//! Which tables and columns are there, and of which type. Versions and installed apps differ, so nobody's word is taken for it.

use super::Reason;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::HashMap;

/// The columns of FusionPBX's tables.
pub(super) struct Columns(HashMap<String, Table>);

struct Table {
    columns: Vec<String>,
    /// Those of the type boolean.
    booleans: Vec<String>,
}

impl Columns {
    /// Reads them from PostgreSQL's own catalogue, one row a table: there are two hundred tables with three thousand columns.
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, Reason> {
        let rows: Vec<(String, Vec<String>, Vec<String>)> = sqlx::query_as(
            "SELECT c.relname::text, array_agg(a.attname::text), \
             coalesce(array_agg(a.attname::text) FILTER (WHERE a.atttypid = 'boolean'::regtype), '{}') \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE c.relkind IN ('r', 'p', 'v', 'f') AND c.relname LIKE 'v\\_%' AND pg_catalog.pg_table_is_visible(c.oid) \
             GROUP BY c.oid, c.relname",
        )
        .fetch_all(connection)
        .await?;
        let table = |(name, columns, booleans)| (name, Table { columns, booleans });
        Ok(Self(rows.into_iter().map(table).collect()))
    }

    /// Whether the table is there with all these columns.
    pub(super) fn has(&self, table: &str, columns: &[&str]) -> bool {
        self.missing(table, columns).is_none()
    }

    /// Refuses a table that is not as we know it.
    pub(super) fn require(&self, table: &'static str, columns: &[&'static str]) -> Result<(), Reason> {
        self.missing(table, columns).map_or(Ok(()), |what| {
            Err(Reason::Schema(if what.is_empty() {
                table.into()
            } else {
                format!("{table}.{what}")
            }))
        })
    }

    /// Whether it is a column of flags, as from 5.5 on.
    pub(super) fn is_boolean(&self, table: &str, column: &str) -> bool {
        let table = self.0.get(table);
        table.is_some_and(|table| table.booleans.iter().any(|name| name == column))
    }

    /// The first column that is missing; an empty one for the table itself.
    fn missing<'a>(&self, table: &str, columns: &[&'a str]) -> Option<&'a str> {
        let Some(there) = self.0.get(table) else {
            return Some("");
        };
        let is_there = |column: &&str| there.columns.iter().any(|name| name == column);
        columns.iter().copied().find(|column| !is_there(column))
    }
}

/// A flag of either type, as text. FusionPBX itself takes only `true` of a column of text; other programs write there what they like.
pub(super) fn flag(text: &str) -> bool {
    ["true", "t", "1", "yes", "on"]
        .iter()
        .any(|word| text.trim().eq_ignore_ascii_case(word))
}

/// Whether a column of a row is a flag that is set; NULL is not.
pub(super) fn is_set(row: &PgRow, column: &str) -> Result<bool, sqlx::Error> {
    let text: Option<&str> = row.try_get(column)?;
    Ok(text.is_some_and(flag))
}

/// A text that FusionPBX takes as empty where it is NULL.
pub(super) fn or_empty(row: &PgRow, column: &str) -> Result<String, sqlx::Error> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.unwrap_or_default())
}
