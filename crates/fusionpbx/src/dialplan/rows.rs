//! Rows of the database, written from what is to be.

use super::writing::Part;
use crate::{Change, Destination, Detail, DialplanRow, RowChange, Table};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Columns and their values.
pub(crate) type Columns = Map<String, Value>;

/// Columns from pairs.
pub(crate) fn columns<const N: usize>(pairs: [(&str, Value); N]) -> Columns {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A new row.
pub(crate) fn insert(table: Table, key: Uuid, after: Columns) -> Change {
    Change::Row(RowChange {
        table,
        key,
        before: None,
        after: Some(after),
    })
}

/// Other values for a row's columns. `before` has those that are known as they stand there; flags are not, as their type differs.
pub(crate) fn update(row: &DialplanRow, after: Columns) -> Change {
    let known = columns([
        ("domain_uuid", json!(row.domain)),
        ("app_uuid", json!(row.app)),
        ("hostname", json!(row.hostname)),
        ("dialplan_xml", json!(row.xml)),
    ]);
    let mut before: Columns = known
        .into_iter()
        .filter(|(name, _)| after.contains_key(name))
        .collect();
    // That the row is still the one that was looked at, whatever is changed in it.
    before.insert("dialplan_xml".to_owned(), json!(row.xml));
    before.extend(known_text("dialplan_context", &row.context));
    before.extend(known_text("dialplan_name", &row.name));
    Change::Row(RowChange {
        table: Table::Dialplans,
        key: row.uuid,
        before: Some(before),
        after: Some(after),
    })
}

/// A row that goes.
pub(crate) fn delete(row: &DialplanRow) -> Change {
    let mut before = columns([("dialplan_xml", json!(row.xml))]);
    before.extend(known_text("dialplan_context", &row.context));
    before.extend(known_text("dialplan_name", &row.name));
    Change::Row(RowChange {
        table: Table::Dialplans,
        key: row.uuid,
        before: Some(before),
        after: None,
    })
}

/// The details of a row, gone.
pub(crate) fn delete_details(row: &DialplanRow) -> impl Iterator<Item = Change> {
    row.details.iter().map(|detail| delete_detail(row.uuid, detail))
}

pub(crate) fn delete_detail(row: Uuid, detail: &Detail) -> Change {
    let mut before = columns([("dialplan_uuid", json!(row))]);
    before.extend(known_text("dialplan_detail_tag", &detail.tag));
    before.extend(known_text("dialplan_detail_type", &detail.kind));
    before.extend(known_text("dialplan_detail_data", &detail.data));
    Change::Row(RowChange {
        table: Table::DialplanDetails,
        key: detail.uuid,
        before: Some(before),
        after: None,
    })
}

/// New details of a row.
pub(crate) fn insert_details(
    row: Uuid,
    domain: Option<Uuid>,
    parts: &[Part],
) -> impl Iterator<Item = Change> {
    parts.iter().map(move |part| {
        let after = columns([
            ("domain_uuid", json!(domain)),
            ("dialplan_uuid", json!(row)),
            ("dialplan_detail_tag", json!(part.tag)),
            ("dialplan_detail_type", json!(part.kind)),
            ("dialplan_detail_data", json!(part.data)),
            ("dialplan_detail_break", json!(part.breaks)),
            ("dialplan_detail_inline", json!(part.inline.then_some("true"))),
            ("dialplan_detail_group", json!(part.group)),
            ("dialplan_detail_order", json!(part.order)),
            ("dialplan_detail_enabled", json!("true")),
        ]);
        insert(Table::DialplanDetails, Uuid::new_v4(), after)
    })
}

/// A destination that goes.
pub(crate) fn delete_destination(destination: &Destination) -> Change {
    let mut before = columns([("dialplan_uuid", json!(destination.dialplan))]);
    before.extend(known_text("destination_number", &destination.number));
    Change::Row(RowChange {
        table: Table::Destinations,
        key: destination.uuid,
        before: Some(before),
        after: None,
    })
}

/// A destination that leads to a row from now on, or to none.
pub(crate) fn bind_destination(destination: &Destination, row: Option<Uuid>) -> Change {
    let mut before = columns([("dialplan_uuid", json!(destination.dialplan))]);
    before.extend(known_text("destination_number", &destination.number));
    Change::Row(RowChange {
        table: Table::Destinations,
        key: destination.uuid,
        before: Some(before),
        after: Some(columns([("dialplan_uuid", json!(row))])),
    })
}

/// A text that is not empty; an empty one may be NULL in the database.
fn known_text(column: &str, text: &str) -> Option<(String, Value)> {
    (!text.is_empty()).then(|| (column.to_owned(), json!(text)))
}
