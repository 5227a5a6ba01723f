//! What cannot be carried, kept for a person to look at.

use super::{line, private_file};
use crate::Entry;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Beyond this nothing more is set aside: whatever goes wrong with every entry must not fill the disk.
const ASIDE_MAX: u64 = 64 * 1024 * 1024;

/// The file of what was set aside.
pub(crate) struct Aside {
    path: PathBuf,
}

impl Aside {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join("set-aside.jsonl"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a damaged line as it was found.
    pub(crate) fn damaged(&self, found: &[u8]) -> io::Result<()> {
        let mut text = found.to_vec();
        text.push(b'\n');
        self.append(&text)
    }

    /// Keeps an entry that the database refuses, as a line of a journal.
    pub(crate) fn refused(&self, entry: &Entry) -> io::Result<()> {
        let mut text = Vec::new();
        line::encode(entry, &mut text)?;
        self.append(&text)
    }

    fn append(&self, text: &[u8]) -> io::Result<()> {
        let mut file = private_file().open(&self.path)?;
        if file.metadata()?.len() + text.len() as u64 > ASIDE_MAX {
            return Err(io::Error::other(format!(
                "it has {ASIDE_MAX} bytes already; look at it and move it away"
            )));
        }
        file.write_all(text)?;
        file.sync_data()
    }
}
