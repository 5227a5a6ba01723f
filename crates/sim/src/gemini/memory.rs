//! What a session is by its handle, whatever connection it is on.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How far a session has come in its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// Turns of the caller's.
    pub(super) turns: usize,
    /// Answers given.
    pub(super) answers: usize,
}

/// The handles that were given.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<String, Progress>>);

impl Memory {
    /// A handle for what stands now.
    pub(super) fn remember(&self, progress: Progress) -> String {
        let handle = uuid::Uuid::new_v4().simple().to_string();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(handle.clone(), progress);
        handle
    }

    /// What stood when a handle was given.
    pub(super) fn recall(&self, handle: &str) -> Option<Progress> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(handle)
            .copied()
    }
}
