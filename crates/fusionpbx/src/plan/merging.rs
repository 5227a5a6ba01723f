//! Changes of one thing, made one after the other, as one change.

use crate::{Change, FileChange, RowChange};

/// The same changes, each thing changed once. Their order by kind is as [`Change`] tells.
pub(crate) fn merged(changes: Vec<Change>) -> Vec<Change> {
    let mut merged: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        match change {
            Change::Row(later) => match merged.iter_mut().find_map(|earlier| same_row(earlier, &later)) {
                Some(earlier) => join_rows(earlier, later),
                None => merged.push(Change::Row(later)),
            },
            Change::File(later) => match merged.iter_mut().find_map(|earlier| same_file(earlier, &later)) {
                Some(earlier) => earlier.after = later.after,
                None => merged.push(Change::File(later)),
            },
            other => {
                if !merged.contains(&other) {
                    merged.push(other);
                }
            }
        }
    }
    // What was made and taken away again was never there.
    merged
        .retain(|change| !matches!(change, Change::Row(row) if row.before.is_none() && row.after.is_none()));
    merged.sort_by_key(rank);
    merged
}

const fn rank(change: &Change) -> u8 {
    match change {
        Change::File(_) => 0,
        Change::Row(_) => 1,
        Change::CacheKey(_) => 2,
        Change::Switch(_) => 3,
        Change::Unit { .. } | Change::UnitBack(_) => 4,
    }
}

fn same_row<'a>(earlier: &'a mut Change, later: &RowChange) -> Option<&'a mut RowChange> {
    match earlier {
        Change::Row(row) if row.table == later.table && row.key == later.key => Some(row),
        _ => None,
    }
}

fn same_file<'a>(earlier: &'a mut Change, later: &FileChange) -> Option<&'a mut FileChange> {
    match earlier {
        Change::File(file) if file.path == later.path => Some(file),
        _ => None,
    }
}

/// What was there before both, and what is there after both.
fn join_rows(earlier: &mut RowChange, later: RowChange) {
    if let (Some(before), Some(known)) = (&mut earlier.before, later.before) {
        let written = earlier.after.as_ref();
        for (column, value) in known {
            let ours = written.is_some_and(|written| written.contains_key(&column));
            if !ours && !before.contains_key(&column) {
                before.insert(column, value);
            }
        }
    }
    match (&mut earlier.after, later.after) {
        (Some(after), Some(more)) => after.extend(more),
        (after, more) => *after = more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;
    use serde_json::{Map, Value, json};
    use uuid::Uuid;

    fn columns(value: Value) -> Option<Map<String, Value>> {
        match value {
            Value::Object(columns) => Some(columns),
            _ => None,
        }
    }

    fn row(before: Value, after: Value) -> Change {
        Change::Row(RowChange {
            table: Table::Dialplans,
            key: Uuid::nil(),
            before: columns(before),
            after: columns(after),
        })
    }

    #[test]
    fn a_row_that_is_changed_twice_is_changed_once() {
        let both = merged(vec![
            row(json!({"name": "a", "order": 1}), json!({"name": "b"})),
            row(json!({"name": "b", "app": null}), json!({"order": 2})),
        ]);
        let one = row(
            json!({"name": "a", "order": 1, "app": null}),
            json!({"name": "b", "order": 2}),
        );
        assert_eq!(both, [one]);
    }

    #[test]
    fn what_is_made_and_taken_away_was_never_there() {
        assert_eq!(
            merged(vec![
                row(Value::Null, json!({"name": "a"})),
                row(json!({"name": "a"}), Value::Null)
            ]),
            []
        );
    }

    #[test]
    fn keys_come_once_and_after_rows() {
        let key = Change::CacheKey("dialplan:pbx.example.com".into());
        let change = row(json!({}), json!({"name": "a"}));
        assert_eq!(
            merged(vec![key.clone(), change.clone(), key.clone()]),
            [change, key]
        );
    }
}
