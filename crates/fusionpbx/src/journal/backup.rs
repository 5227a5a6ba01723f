//! What was in the database before, for people.

use super::plan::{Columns, PlannedRow};
use serde_json::Value;
use std::fmt::Write as _;

/// Statements for psql that put rows back as they were.
pub(super) fn sql(rows: &[PlannedRow<'_>]) -> String {
    let mut sql = String::from("-- As these rows were before: psql --single-transaction --file=rows.sql\n");
    for row in rows.iter().rev() {
        let (table, column, key) = (row.table.name(), row.table.key(), row.key);
        // Writing to a String does not fail.
        let _ = writeln!(sql, "DELETE FROM {table} WHERE {column} = '{key}';");
        if let Some(image) = row.image {
            let json = quoted(image);
            let _ = writeln!(
                sql,
                "INSERT INTO {table} SELECT r.* FROM jsonb_populate_record(NULL::{table}, {json}::jsonb) AS r;"
            );
        }
    }
    sql
}

fn quoted(image: &Columns) -> String {
    // A backslash is one: standard_conforming_strings is on since PostgreSQL 9.1.
    format!(
        "'{}'",
        Value::Object(image.clone()).to_string().replace('\'', "''")
    )
}
