//! The files of a folder, read once and together.

use crate::SnapshotError;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No text that belongs to a secretary is longer, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What a secretary consists of: its file, its Markdown texts, its script.
const KINDS: [&str; 4] = ["toml", "md", "yaml", "yml"];

/// The texts of a folder and of its direct subfolders, as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
    texts: BTreeMap<PathBuf, String>,
    unreadable: Vec<SnapshotError>,
}

impl Folder {
    /// Reads the folder. What cannot be read is told when a snapshot is made of it. Blocks.
    pub fn read(path: &Path) -> Self {
        let mut folder = Self {
            path: path.into(),
            texts: BTreeMap::new(),
            unreadable: Vec::new(),
        };
        for entry in folder.entries(path) {
            if !entry.is_dir() {
                folder.take(entry);
                continue;
            }
            for deeper in folder.entries(&entry) {
                if !deeper.is_dir() {
                    folder.take(deeper);
                }
            }
        }
        folder
    }

    /// One secretary's file alone, with the texts beside it. Blocks.
    pub fn of_file(file: &Path) -> Self {
        let mut folder = Self {
            path: file.into(),
            texts: BTreeMap::new(),
            unreadable: Vec::new(),
        };
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        for entry in folder.entries(parent.unwrap_or(Path::new("."))) {
            if entry.extension().is_some_and(|kind| kind == "md") && !entry.is_dir() {
                // Another's text that cannot be read is no fault of this file.
                if let Ok(text) = read_text(&entry) {
                    let name = entry.file_name().unwrap_or_default();
                    folder.texts.insert(file.with_file_name(name), text);
                }
            }
        }
        match read_text(file) {
            Ok(text) => {
                folder.texts.insert(file.into(), text);
            }
            Err(reason) => folder.cannot_read(file, reason),
        }
        folder
    }

    /// Changes with every change of a text, of a name, and of what cannot be read: 12 hexadecimal digits.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        for (path, text) in &self.texts {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(text);
            hash.update([0]);
        }
        for error in &self.unreadable {
            hash.update(error.to_string());
        }
        hex(&hash.finalize())
    }

    /// The folder's own path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The secretaries' files with their texts, by path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.texts
            .iter()
            .filter(|(path, _)| path.extension().is_some_and(|kind| kind == "toml"))
            .map(|(path, text)| (path.as_path(), text.as_str()))
    }

    /// The text of any of its files.
    pub(crate) fn text(&self, path: &Path) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    pub(crate) fn unreadable(&self) -> &[SnapshotError] {
        &self.unreadable
    }

    /// What stands in a folder, in the order of the names. What begins with a dot is an editor's or a mount's own.
    fn entries(&mut self, path: &Path) -> Vec<PathBuf> {
        let read = fs::read_dir(path).and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<std::io::Result<Vec<_>>>()
        });
        let mut paths = match read {
            Ok(paths) => paths,
            Err(error) => {
                self.cannot_read(path, error.to_string());
                return Vec::new();
            }
        };
        paths.retain(|path| {
            path.file_name()
                .is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
        });
        paths.sort();
        paths
    }

    fn take(&mut self, path: PathBuf) {
        let known = |kind: &std::ffi::OsStr| KINDS.iter().any(|known| kind == *known);
        if !path.extension().is_some_and(known) {
            return;
        }
        match read_text(&path) {
            Ok(text) => {
                self.texts.insert(path, text);
            }
            Err(reason) => self.cannot_read(&path, reason),
        }
    }

    fn cannot_read(&mut self, path: &Path, reason: String) {
        self.unreadable.push(SnapshotError::Unreadable {
            path: path.into(),
            reason,
        });
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    // Opening a pipe would wait for a writer, and with it every reading after this one.
    if !fs::metadata(path).map_err(|error| error.to_string())?.is_file() {
        return Err("it is no file".into());
    }
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    Ok(text)
}

/// The first 12 digits: enough to tell versions apart, short enough to say.
pub(crate) fn hex(hash: &[u8]) -> String {
    hash.iter().take(6).fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
