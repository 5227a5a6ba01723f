//! What the journal tells of how things were before: what uninstalling gives back.

use super::plan::{Columns, Image, Plan};
use super::record::Record;
use super::undoing::{State, state};
use super::{FOLDER, JournalError, files, look_all};
use crate::dialplan::APP_UUID;
use crate::{Change, FileState, Host, RowChange, Table};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The title of the plan that gives everything back: what was done before it is no more.
pub const UNINSTALL: &str = "uninstall";

/// What was done since the last uninstalling and is not taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    plans: Vec<Plan>,
    files: Vec<Trace>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Which.
    pub path: PathBuf,
    /// As it is now.
    pub now: Option<FileState>,
    /// What it was before each plan that changed it, and after: the first first, and never none.
    pub steps: Vec<(Option<FileState>, Option<FileState>)>,
}

impl Trace {
    /// As it was before all.
    pub fn before(&self) -> Option<&FileState> {
        self.steps.first().and_then(|(before, _)| before.as_ref())
    }

    /// Whether nobody has changed its text since.
    pub fn is_as_left(&self) -> bool {
        let left = self.steps.last().and_then(|(_, after)| after.as_ref());
        text(left) == text(self.now.as_ref())
    }
}

fn text(state: Option<&FileState>) -> Option<&str> {
    state.map(|state| state.text.as_str())
}

/// A row of the dialplan as it was before it was made ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// All its columns.
    pub row: Map<String, Value>,
    /// Its details by their keys; `None` where they were never changed.
    pub details: Option<Vec<(Uuid, Map<String, Value>)>>,
}

impl History {
    /// Reads it. Nothing is written and nobody is waited for; what another command does meanwhile is found by the journal.
    ///
    /// # Errors
    /// When a file cannot be read, or is not as it was written.
    pub fn read(host: &Host) -> Result<Self, JournalError> {
        let records = look_all(&host.path(FOLDER))?;
        let counts = |record: &&Record| {
            record.plan.takes_back.is_none() && matches!(state(&records, record), State::Done | State::Left)
        };
        let mut plans: Vec<_> = records
            .iter()
            .filter(counts)
            .map(|record| record.plan.clone())
            .collect();
        if let Some(last) = plans.iter().rposition(|plan| plan.title == UNINSTALL) {
            plans.drain(..=last);
        }
        let files = traces(&plans, host);
        Ok(Self { plans, files })
    }

    /// Every file that was written, by its path.
    pub fn files(&self) -> &[Trace] {
        &self.files
    }

    /// One of them.
    pub fn file(&self, path: &Path) -> Option<&Trace> {
        self.files.iter().find(|trace| trace.path == path)
    }

    /// A row as it was before all: `None` where nobody has written it, `Some(None)` where it was not there.
    pub fn row(&self, table: Table, key: Uuid) -> Option<Option<&Map<String, Value>>> {
        rows(&self.plans)
            .find(|(change, _)| change.table == table && change.key == key)
            .map(|(_, image)| image)
    }

    /// A row of the dialplan as it was when it was somebody else's; `None` where it never was.
    pub fn before_ours(&self, row: Uuid) -> Option<Adopted> {
        let ours = json!(APP_UUID);
        let is_ours = |columns: &Columns| columns.get("app_uuid") == Some(&ours);
        let adopts = |plan: &Plan| {
            rows(std::slice::from_ref(plan)).find_map(|(change, image)| {
                let it = change.table == Table::Dialplans && change.key == row;
                let becomes = change.after.as_ref().is_some_and(is_ours);
                image.filter(|image| it && becomes && !is_ours(image)).cloned()
            })
        };
        let (at, image) = self
            .plans
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, plan)| Some((at, adopts(plan)?)))?;
        Some(Adopted {
            row: image,
            details: details(self.plans.get(at..).unwrap_or_default(), row),
        })
    }
}

/// Every row that was changed, with what was there before, the first first.
fn rows(plans: &[Plan]) -> impl DoubleEndedIterator<Item = (&RowChange, Option<&Columns>)> {
    let pairs = plans
        .iter()
        .flat_map(|plan| plan.changes.iter().zip(&plan.images));
    pairs.filter_map(|(change, image)| match (change, image) {
        (Change::Row(change), Image::Row(image)) => Some((change, image.as_ref())),
        _ => None,
    })
}

/// A row's details as they were before these plans; `None` where none of them has changed any.
fn details(plans: &[Plan], row: Uuid) -> Option<Vec<(Uuid, Columns)>> {
    let owner = Value::String(row.to_string());
    let mut before = BTreeMap::new();
    for (change, image) in rows(plans).rev() {
        let mut known = image.into_iter().chain(&change.after);
        let is_of_row = change.table == Table::DialplanDetails
            && known.any(|columns| columns.get("dialplan_uuid") == Some(&owner));
        if is_of_row {
            before.insert(change.key, image.cloned());
        }
    }
    (!before.is_empty()).then(|| {
        let there = before.into_iter();
        there.filter_map(|(key, image)| Some((key, image?))).collect()
    })
}

fn traces(plans: &[Plan], host: &Host) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    let pairs = plans
        .iter()
        .flat_map(|plan| plan.changes.iter().zip(&plan.images));
    for (change, image) in pairs {
        let (Change::File(file), Image::File(image)) = (change, image) else {
            continue;
        };
        let step = (image.clone(), file.after.clone());
        if let Some(known) = traces.iter_mut().find(|trace| trace.path == file.path) {
            known.steps.push(step);
            continue;
        }
        // What is no plain file any more is somebody else's.
        if let Ok(now) = files::read(&host.path(&file.path)) {
            traces.push(Trace {
                path: file.path.clone(),
                now,
                steps: vec![step],
            });
        }
    }
    traces
}
