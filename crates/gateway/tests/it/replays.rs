//! At its end every node of these tests replays the event logs of all its calls.

use recording::{Log, Verdict, replay};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder of a node. When it goes, what its calls did is fed into fresh calls, which must do the same.
pub(crate) struct Folder(pub(crate) TempDir);

impl Deref for Folder {
    type Target = TempDir;

    fn deref(&self) -> &TempDir {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for path in files(self.0.path(), "jsonl") {
            // A test that ends before its calls do leaves logs of which nothing was written yet.
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let Ok(log) = Log::parse(&text) else {
                assert!(text.is_empty(), "{} is no log:\n{text}", path.display());
                continue;
            };
            let verdict = replay(&log).verdict;
            let same = matches!(verdict, Verdict::Same | Verdict::SameSoFar);
            assert!(same, "{}: {verdict:?}\n{text}", path.display());
        }
    }
}

/// The files of calls below a node's folder that have this extension.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.components().any(|part| part.as_os_str() == "recordings")
                && path.extension().is_some_and(|end| end == extension)
            {
                found.push(path);
            }
        }
    }
    found
}
