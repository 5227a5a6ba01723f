//! Taking a finished plan back: by a plan that is its inverse.

use super::plan::{Columns, Image, Plan};
use super::record::{Record, Standing};
use super::{JournalError, Outside, rows};
use crate::{Change, FileChange, RowChange, SwitchChange, Text};
use serde_json::Value;

/// Which plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The last that was carried out, is not taken back, and took none back itself.
    Last,
    /// The one of this name.
    Named(String),
}

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is carried out.
    Done,
    /// It is carried out but for something that the next command tries again.
    Left,
    /// It went wrong or was cut off, and nothing of it is left.
    Failed,
    /// It was carried out and taken back, by the plan of this name.
    TakenBack(String),
}

/// A plan of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// When it was begun, in UTC: `2026-11-23T15:51:33Z`.
    pub when: String,
    /// The command that made it.
    pub command: String,
    /// What became of it.
    pub state: State,
    /// `None`: it can be taken back now. Otherwise why not.
    pub undo: Option<Text>,
}

pub(super) fn find<'a>(records: &'a [Record], which: &Which) -> Result<&'a Record, JournalError> {
    match which {
        Which::Last => records
            .iter()
            .rev()
            .find(|record| record.plan.takes_back.is_none() && not_undoable(records, record).is_none())
            .ok_or(JournalError::NothingToUndo),
        Which::Named(name) => {
            let record = records
                .iter()
                .find(|record| record.name == *name)
                .ok_or_else(|| JournalError::Unknown(name.clone()))?;
            match not_undoable(records, record) {
                Some(why) => Err(JournalError::NotUndoable {
                    name: name.clone(),
                    why,
                }),
                None => Ok(record),
            }
        }
    }
}

pub(super) fn state(records: &[Record], record: &Record) -> State {
    match record.standing() {
        Standing::TakenBack | Standing::Begun | Standing::Committing(_) => State::Failed,
        Standing::Committed | Standing::Finished => match taker(records, record) {
            Some(by) => State::TakenBack(by.name.clone()),
            None if record.standing() == Standing::Finished => State::Done,
            None => State::Left,
        },
    }
}

/// Why a plan's state forbids to take it back.
pub(super) fn not_undoable(records: &[Record], record: &Record) -> Option<Text> {
    match state(records, record) {
        State::Done | State::Left => None,
        State::Failed => Some(Text::new("nothing of it is left", "nada dele restou")),
        State::TakenBack(by) => Some(Text::new(
            format!("{by} has taken it back already"),
            format!("{by} já o desfez"),
        )),
    }
}

/// The plan that has taken one back and is not taken back itself.
fn taker<'a>(records: &'a [Record], record: &Record) -> Option<&'a Record> {
    records
        .iter()
        .filter(|other| other.plan.takes_back.as_deref() == Some(&record.name))
        .filter(|other| matches!(other.standing(), Standing::Committed | Standing::Finished))
        .find(|other| taker(records, other).is_none())
}

/// The changes that take a plan back. They expect everything as the plan left it.
pub(super) async fn inverse(plan: &Plan, outside: &impl Outside) -> Result<Vec<Change>, JournalError> {
    let mut changes = Vec::with_capacity(plan.changes.len());
    for (change, image) in plan.changes.iter().zip(&plan.images) {
        changes.extend(match (change, image) {
            (Change::File(file), Image::File(image)) => Some(Change::File(FileChange {
                path: file.path.clone(),
                before: file.after.clone(),
                after: image.clone(),
            })),
            (Change::Row(row), Image::Row(image)) => {
                row_back(row, image.as_ref(), outside).await?.map(Change::Row)
            }
            (Change::CacheKey(_) | Change::Switch(SwitchChange::ReloadXml), _) => Some(change.clone()),
            // What the module's row and file say counts at FreeSWITCH's next start; calls may use the module now.
            (Change::Switch(SwitchChange::Load(_)), _) => None,
            (Change::Unit { .. } | Change::UnitBack(_), Image::Unit(before)) => {
                Some(Change::UnitBack(*before))
            }
            (Change::Unit { run }, _) => Some(Change::Unit { run: !run }),
            (Change::File(_) | Change::Row(_) | Change::UnitBack(_), _) => None,
        });
    }
    Ok(changes)
}

async fn row_back(
    row: &RowChange,
    image: Option<&Columns>,
    outside: &impl Outside,
) -> Result<Option<RowChange>, JournalError> {
    let (before, after) = match (image, &row.after) {
        (None, None) => return Ok(None),
        (Some(image), None) => (None, Some(image.clone())),
        (Some(image), Some(after)) => {
            let as_before = |(column, value): (&String, &Value)| {
                after
                    .contains_key(column)
                    .then(|| (column.clone(), value.clone()))
            };
            (
                Some(after.clone()),
                Some(image.iter().filter_map(as_before).collect()),
            )
        }
        // The columns that were not written are NULL, and whatever else they say by now somebody else wrote.
        (None, Some(after)) => {
            let pool = outside.database().await.map_err(JournalError::Unreachable)?;
            let mut connection = pool.acquire().await.map_err(|error| super::unreachable(&error))?;
            let mut whole = after.clone();
            whole.insert(row.table.key().into(), Value::String(row.key.to_string()));
            let whole = rows::typed(&mut connection, row.table, row.key, &whole).await?;
            (Some(whole), None)
        }
    };
    Ok(Some(RowChange {
        table: row.table,
        key: row.key,
        before,
        after,
    }))
}
