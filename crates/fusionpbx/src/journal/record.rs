//! A plan's folder: `plan.json`, the notes of how far it is (`steps`), and what was there before in a form that people can use:
//! files below `files/`, rows in `rows.sql`.

use super::files::{private_folder, sync_folder, write_private};
use super::note::{Note, Notes};
use super::plan::{Image, Plan};
use super::{JournalError, Point, Watch, backup};
use crate::Change;
use std::fs;
use std::path::{Path, PathBuf};

/// What a folder is called while it is being written, and while it is being thrown away. Such a one counts for nothing.
pub(super) const DRAFT: &str = "draft";

/// A plan, and how far it is.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) plan: Plan,
    notes: Notes,
}

/// How far a plan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// No commit was asked for.
    Begun,
    /// The commit of this transaction was asked for; whether it was carried out is not noted.
    Committing(String),
    /// It is carried out, and something is still to be done.
    Committed,
    /// It is carried out and finished.
    Finished,
    /// It was taken back before its commit.
    TakenBack,
}

impl Record {
    /// Keeps a plan: when this returns it is on the disk whole, and when it fails it does not count.
    pub(super) fn keep(journal: &Path, plan: Plan, watch: &mut dyn Watch) -> Result<Self, JournalError> {
        let name = free_name(journal, &plan);
        let draft = journal.join(&name).with_extension(DRAFT);
        private_folder(&draft)?;
        let json = serde_json::to_string_pretty(&plan).map_err(|error| JournalError::Unreadable {
            path: draft.join("plan.json"),
            why: error.to_string(),
        })?;
        write_private(&draft.join("plan.json"), &json)?;
        let rows = plan.rows();
        if !rows.is_empty() {
            write_private(&draft.join("rows.sql"), &backup::sql(&rows))?;
        }
        for (change, image) in plan.changes.iter().zip(&plan.images) {
            if let (Change::File(file), Image::File(Some(image))) = (change, image) {
                let inside = file.path.strip_prefix("/").unwrap_or(&file.path);
                write_private(&draft.join("files").join(inside), &image.text)?;
            }
        }
        let notes = Notes::open(&draft.join("steps"))?;
        sync_folder(&draft)?;
        watch.passes(Point::Drafted);
        let folder = journal.join(&name);
        fs::rename(&draft, &folder).map_err(|source| JournalError::Io {
            path: folder.clone(),
            source,
        })?;
        sync_folder(journal)?;
        Ok(Self {
            name,
            folder,
            plan,
            notes,
        })
    }

    /// Reads a kept plan, to go on with it.
    pub(super) fn read(folder: PathBuf, name: String) -> Result<Self, JournalError> {
        let notes = Notes::open(&folder.join("steps"))?;
        Self::with(folder, name, notes)
    }

    /// Reads a kept plan, and writes nothing.
    pub(super) fn look(folder: PathBuf, name: String) -> Result<Self, JournalError> {
        let notes = Notes::look(&folder.join("steps"))?;
        Self::with(folder, name, notes)
    }

    fn with(folder: PathBuf, name: String, notes: Notes) -> Result<Self, JournalError> {
        let path = folder.join("plan.json");
        let text = fs::read_to_string(&path).map_err(|source| JournalError::Io {
            path: path.clone(),
            source,
        })?;
        let plan: Plan = serde_json::from_str(&text).map_err(|error| JournalError::Unreadable {
            path: path.clone(),
            why: error.to_string(),
        })?;
        if plan.images.len() != plan.changes.len() {
            return Err(JournalError::Unreadable {
                path,
                why: format!("{} images of {} changes", plan.images.len(), plan.changes.len()),
            });
        }
        Ok(Self {
            name,
            folder,
            plan,
            notes,
        })
    }

    pub(super) fn note(&mut self, note: Note) -> Result<(), JournalError> {
        self.notes.add(note).map_err(|source| JournalError::Io {
            path: self.folder.join("steps"),
            source,
        })
    }

    pub(super) fn standing(&self) -> Standing {
        if self.notes.has(&Note::TakenBack) {
            return Standing::TakenBack;
        }
        if self.notes.has(&Note::Finished) {
            return Standing::Finished;
        }
        if self.notes.has(&Note::Committed) {
            return Standing::Committed;
        }
        match self.notes.transaction() {
            Some(number) => Standing::Committing(number.into()),
            None => Standing::Begun,
        }
    }

    /// What is to be done after the commit and was not yet.
    pub(super) fn left(&self) -> Vec<usize> {
        let is_left =
            |&index: &usize| !self.notes.has(&Note::Done(index)) && !self.notes.has(&Note::Overtaken(index));
        self.plan.afterwards().into_iter().filter(is_left).collect()
    }
}

/// `20261123T155133Z-setup`; what has that name already takes a number.
fn free_name(journal: &Path, plan: &Plan) -> String {
    let when: String = plan.when.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let title: String = plan
        .title
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let name = format!("{when}-{title}");
    let free = |name: &String| !journal.join(name).exists();
    if free(&name) {
        return name;
    }
    (2_u32..)
        .map(|number| format!("{name}-{number}"))
        .find(free)
        .unwrap_or(name)
}
