//! How far a plan is: an append-only file of lines, each on the disk before the next thing is done.

use super::JournalError;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Note {
    /// The change of this index.
    Done(usize),
    /// The change of this index came too late: a later plan has changed the same.
    Overtaken(usize),
    /// All rows are written in the transaction of this number, and its commit is the next that is asked for.
    Committing(String),
    /// It was carried out. What follows is done sooner or later.
    Committed,
    /// Everything was done.
    Finished,
    /// All is as it was before.
    TakenBack,
}

/// The notes of a plan.
#[derive(Debug)]
pub(super) struct Notes {
    list: Vec<Note>,
    file: File,
}

impl Notes {
    /// Opens the notes of a plan. A line that a crash tore off was relied upon by nobody, and goes.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io {
            path: path.into(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64).map_err(failed)?;
        }
        let list = lines(path, &text[..whole])?;
        Ok(Self { list, file })
    }

    /// Reads the notes of a plan, to which none can be added then.
    pub(super) fn look(path: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io {
            path: path.into(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let list = lines(path, &text[..whole])?;
        Ok(Self { list, file })
    }

    /// Adds one. It is on the disk when this returns.
    pub(super) fn add(&mut self, note: Note) -> io::Result<()> {
        let mut line = serde_json::to_string(&note)?;
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        self.file.sync_all()?;
        self.list.push(note);
        Ok(())
    }

    pub(super) fn has(&self, note: &Note) -> bool {
        self.list.contains(note)
    }

    /// The number of the transaction whose commit was asked for.
    pub(super) fn transaction(&self) -> Option<&str> {
        self.list.iter().rev().find_map(|note| match note {
            Note::Committing(number) => Some(number.as_str()),
            _ => None,
        })
    }
}

fn lines(path: &Path, text: &str) -> Result<Vec<Note>, JournalError> {
    text.lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| JournalError::Unreadable {
                path: path.into(),
                why: format!("{error}: {line:?}"),
            })
        })
        .collect()
}
