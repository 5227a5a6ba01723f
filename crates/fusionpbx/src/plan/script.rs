//! The Lua script in its place.

use crate::{Change, Facts, FileChange, FileFacts, FileState};
use freeswitch::SCRIPT;

/// As any script: its owner writes, everybody reads.
const MODE: u32 = 0o644;

/// What is to change so that the script of this version is there, FreeSWITCH's own; nothing where it is. `None` where FreeSWITCH's folder
/// of scripts is not known.
pub(crate) fn script(facts: &Facts) -> Option<Vec<Change>> {
    let script = facts.script.as_ref().ok()?;
    let owner = facts.switch.process.as_ref().map(|process| process.owner);
    let right = |file: &FileFacts| {
        file.text == SCRIPT && script.readable != Some(false) && owner.is_none_or(|owner| owner == file.owner)
    };
    if script.file.as_ref().is_some_and(right) {
        return Some(Vec::new());
    }
    Some(vec![Change::File(FileChange {
        path: script.path.clone(),
        before: script.file.as_ref().map(state),
        after: Some(FileState {
            text: SCRIPT.to_owned(),
            mode: MODE,
            owner,
        }),
    })])
}

/// A file as it is.
pub(crate) fn state(file: &FileFacts) -> FileState {
    FileState {
        text: file.text.clone(),
        mode: file.mode,
        owner: Some(file.owner),
    }
}
