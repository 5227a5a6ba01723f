//! What a process of its own is told to do with a journal.

use fusionpbx::Change;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The database.
    pub(crate) url: String,
    /// The machine.
    pub(crate) root: PathBuf,
    /// What to do once the journal is open.
    pub(crate) deed: Deed,
    /// What happens at a point.
    pub(crate) end: End,
}

/// What to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Deed {
    /// Only to open it.
    Open,
    /// To carry a plan out.
    CarryOut(Vec<Change>),
    /// To take the last plan back.
    Undo,
}

/// What happens on the way.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum End {
    /// It goes its way.
    None,
    /// It is killed as by `kill -9` at the point of this number, from 1.
    DiesAt(usize),
    /// It is killed before its commit.
    DiesBeforeCommit,
    /// It is killed after its commit, which it has not noted.
    DiesAfterCommit,
    /// It says so once its plan counts, and waits for the end of its input.
    Holds,
}
