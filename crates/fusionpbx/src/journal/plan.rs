//! A plan as it is kept: what is to change, and what was there before.

use super::JournalError;
use crate::{Change, FileState, Table, UnitState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::path::PathBuf;
use uuid::Uuid;

/// A unit that is to be as if it were not there.
const STOPPED: UnitState = UnitState {
    enabled: false,
    active: false,
};

/// A row's columns.
pub(super) type Columns = Map<String, Value>;

/// A plan and its before-images. Once written, it does not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Rises from plan to plan.
    pub(super) number: u64,
    /// What it is for: `setup`.
    pub(super) title: String,
    /// The command that made it.
    pub(super) command: String,
    /// When, in UTC.
    pub(super) when: String,
    /// The plan that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) takes_back: Option<String>,
    /// What is to change.
    pub(super) changes: Vec<Change>,
    /// What was there before, one for each change.
    pub(super) images: Vec<Image>,
    /// The folders that its files need and that were not there, the outer before the inner.
    #[serde(default)]
    pub(super) new_folders: Vec<PathBuf>,
    /// The folders that go at its end if they are empty, the outer before the inner.
    #[serde(default)]
    pub(super) old_folders: Vec<PathBuf>,
}

/// What was there before a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Image {
    /// Nothing that could be kept.
    Nothing,
    /// The file, with its owner.
    File(Option<FileState>),
    /// The whole row.
    Row(Option<Columns>),
    /// How the unit stood.
    Unit(UnitState),
}

/// One row of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedRow<'a> {
    pub(super) table: Table,
    pub(super) key: Uuid,
    pub(super) after: Option<&'a Columns>,
    pub(super) image: Option<&'a Columns>,
}

/// One file of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedFile<'a> {
    /// Which change it is.
    pub(super) index: usize,
    pub(super) path: &'a PathBuf,
    pub(super) after: Option<&'a FileState>,
    pub(super) image: Option<&'a FileState>,
}

impl Plan {
    /// The rows in the order in which they are written: those of `v_dialplans` last.
    pub(super) fn rows(&self) -> Vec<PlannedRow<'_>> {
        let mut rows: Vec<_> = self
            .changes
            .iter()
            .zip(&self.images)
            .filter_map(|(change, image)| match (change, image) {
                (Change::Row(row), Image::Row(image)) => Some(PlannedRow {
                    table: row.table,
                    key: row.key,
                    after: row.after.as_ref(),
                    image: image.as_ref(),
                }),
                _ => None,
            })
            .collect();
        rows.sort_by_key(|row| row.table == Table::Dialplans);
        rows
    }

    /// The files that are written, in the order in which they are.
    pub(super) fn written(&self) -> impl DoubleEndedIterator<Item = PlannedFile<'_>> {
        self.files().filter(|file| file.after.is_some())
    }

    /// The file of a change.
    pub(super) fn file(&self, index: usize) -> Option<PlannedFile<'_>> {
        self.files().find(|file| file.index == index)
    }

    fn files(&self) -> impl DoubleEndedIterator<Item = PlannedFile<'_>> {
        self.changes
            .iter()
            .zip(&self.images)
            .enumerate()
            .filter_map(|(index, (change, image))| match (change, image) {
                (Change::File(file), Image::File(image)) => Some(PlannedFile {
                    index,
                    path: &file.path,
                    after: file.after.as_ref(),
                    image: image.as_ref(),
                }),
                _ => None,
            })
    }

    /// What comes after the commit, in its order: cache keys; a unit stops while its file is still there; files go, which were
    /// needed as long as the rows were; FreeSWITCH is told; a unit starts.
    pub(super) fn afterwards(&self) -> Vec<usize> {
        let rank = |change: &Change| match change {
            Change::File(file) if file.after.is_none() => Some(2),
            Change::File(_) | Change::Row(_) => None,
            Change::CacheKey(_) => Some(0),
            Change::Unit { run: false } | Change::UnitBack(STOPPED) => Some(1),
            Change::Switch(_) => Some(3),
            Change::Unit { run: true } | Change::UnitBack(_) => Some(4),
        };
        let mut steps: Vec<_> = self
            .changes
            .iter()
            .enumerate()
            .filter_map(|(index, change)| Some((rank(change)?, index)))
            .collect();
        steps.sort_unstable();
        steps.into_iter().map(|(_, index)| index).collect()
    }
}

/// What a change is about, in one word that no other thing has.
pub(super) fn subject(change: &Change) -> String {
    match change {
        Change::File(file) => file.path.display().to_string(),
        Change::Row(row) => format!("{} {}", row.table.name(), row.key),
        Change::CacheKey(key) => format!("cache key {key}"),
        Change::Switch(told) => format!("{told:?}"),
        Change::Unit { .. } | Change::UnitBack(_) => "unit".into(),
    }
}

/// A plan that changes one thing twice could not be taken back.
pub(super) fn once_each(changes: &[Change]) -> Result<(), JournalError> {
    let mut seen = HashSet::new();
    match changes
        .iter()
        .map(subject)
        .find(|subject| !seen.insert(subject.clone()))
    {
        Some(twice) => Err(JournalError::Twice(twice)),
        None => Ok(()),
    }
}
