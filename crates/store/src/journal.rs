//! What waits for the database, on disk: segments of lines, the oldest first, in a folder that one process holds.
//!
//! A segment is a file `NUMBER.jsonl`; a line of it is the CRC-32 of an entry's JSON in eight hexadecimal digits, a space, the JSON
//! and a line feed. A process never appends to a segment of another one: what a crash tore off stands at the end of a segment, has
//! no line feed, and was acknowledged to nobody. A line that is whole and wrong is kept in `set-aside.jsonl`, and told.

mod aside;
mod line;
mod reader;
mod writing;

pub(crate) use aside::Aside;
pub(crate) use line::encode;
pub(crate) use reader::{Batch, Reader};
pub(crate) use writing::Writing;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest line of a journal, in bytes. A message with all its deliveries takes some kilobytes.
pub(crate) const LINE_MAX: usize = 1024 * 1024;

/// A segment is closed when it is longer than this, or than a quarter of the journal's limit.
const SEGMENT_MAX: u64 = 4 * 1024 * 1024;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has it.
    #[error(
        "{folder}: another voice-ai holds this journal; end it (`fuser {folder}/lock` shows its process), or give this one a \
         data.dir of its own",
        folder = .0.display()
    )]
    Held(PathBuf),
    /// The folder or a file of it cannot be used.
    #[error("{}: {source}; set data.dir to a folder that this user may write", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// How far a segment was written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// The segment's number, from 1.
    pub(crate) segment: u64,
    /// Its bytes.
    pub(crate) end: u64,
}

/// How full the journal is: what its writer and its reader both count.
#[derive(Debug)]
pub(crate) struct Fill {
    bytes: AtomicU64,
    lines: AtomicU64,
    /// The bytes that it may have.
    pub(crate) limit: u64,
}

impl Fill {
    /// As an earlier process left it.
    pub(crate) fn new(left: &Left, limit: u64) -> Self {
        Self {
            bytes: left.bytes.into(),
            lines: left.lines.into(),
            limit,
        }
    }

    /// The bytes on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The lines that are not carried yet.
    pub(crate) fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    fn appended(&self, bytes: u64, lines: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.lines.fetch_add(lines, Ordering::Relaxed);
    }

    fn removed(&self, bytes: u64) {
        less(&self.bytes, bytes);
    }

    fn passed(&self, lines: u64) {
        less(&self.lines, lines);
    }
}

/// A file that a failed write left longer than was counted must not turn the count round.
fn less(count: &AtomicU64, by: u64) {
    let _previous = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
        Some(now.saturating_sub(by))
    });
}

/// A journal's folder, held by this process until it is dropped.
pub(crate) struct Journal {
    folder: PathBuf,
    _lock: File,
}

/// What an earlier process left.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// The numbers of its segments, the oldest first.
    pub(crate) segments: Vec<u64>,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Their lines.
    pub(crate) lines: u64,
    /// The bytes that a crash tore off, cut away now.
    pub(crate) torn: u64,
}

impl Journal {
    /// Takes the folder, which is made where it is missing, and looks through what is there.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Left), JournalError> {
        let failed = |source| JournalError::Io {
            path: folder.into(),
            source,
        };
        private_folder(folder).map_err(failed)?;
        let lock = private_file().open(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Held(folder.into())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let journal = Self {
            folder: folder.into(),
            _lock: lock,
        };
        let left = journal.left().map_err(failed)?;
        Ok((journal, left))
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn left(&self) -> io::Result<Left> {
        let mut left = Left::default();
        for file in fs::read_dir(&self.folder)? {
            left.segments.extend(segment_number(&file?.path()));
        }
        left.segments.sort_unstable();
        for number in left.segments.clone() {
            let path = segment(&self.folder, number);
            let whole = fs::metadata(&path)?.len();
            let (lines, bytes) = reader::measure(&path)?;
            if bytes < whole {
                private_file().open(&path)?.set_len(bytes)?;
            }
            left.torn += whole - bytes;
            left.bytes += bytes;
            left.lines += lines;
        }
        Ok(left)
    }
}

/// The path of a segment. The name is as long for each number, so that a listing is in order.
fn segment(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.jsonl"))
}

fn segment_number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".jsonl")?;
    (name.len() == 20).then(|| name.parse().ok()).flatten()
}

/// What callers say is for the service's own user alone.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
