//! Reads segments from the oldest line on, and removes those that were carried.

use super::line::{self, Damage};
use super::{Fill, LINE_MAX, Written, segment};
use crate::Entry;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most entries that go into the database at once.
const BATCH: u64 = 256;

/// What was read: to be carried, and then passed.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Whole entries, in order.
    pub(crate) entries: Vec<Entry>,
    /// Lines that hold no entry, and why.
    pub(crate) damaged: Vec<(Damage, Vec<u8>)>,
    /// How many lines these are.
    lines: u64,
    bytes: u64,
}

impl Batch {
    /// The whole lines at the beginning of these bytes of a segment.
    fn of(bytes: &[u8]) -> Self {
        let mut batch = Self::default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if batch.lines == BATCH {
                break;
            }
            let Some(whole) = line.strip_suffix(b"\n") else {
                batch.end_without_line_feed(line);
                break;
            };
            batch.lines += 1;
            batch.bytes += line.len() as u64;
            match line::decode(whole) {
                Ok(entry) => batch.entries.push(entry),
                Err(damage) => batch.damaged.push((damage, whole.to_vec())),
            }
        }
        batch
    }

    /// What has no line feed yet is left to the next reading, unless it is longer than a line can be.
    fn end_without_line_feed(&mut self, rest: &[u8]) {
        if rest.len() >= LINE_MAX {
            self.lines += 1;
            self.bytes += rest.len() as u64;
            self.damaged.push((Damage::Checksum, rest.to_vec()));
        }
    }
}

/// The place of reading.
pub(crate) struct Reader {
    folder: PathBuf,
    fill: Arc<Fill>,
    /// Segments that are not yet read to their end; the first one is read, the last one may still be written.
    segments: VecDeque<u64>,
    /// The newest segment that was ever among them.
    newest: u64,
    /// How far the first one was read.
    offset: u64,
}

impl Reader {
    /// Begins at the oldest of these segments.
    pub(crate) fn new(folder: &Path, left: Vec<u64>, fill: Arc<Fill>) -> Self {
        let newest = left.last().copied().unwrap_or(0);
        Self {
            folder: folder.into(),
            fill,
            segments: left.into(),
            newest,
            offset: 0,
        }
    }

    /// Where the reading stands.
    pub(crate) fn place(&self) -> Written {
        Written {
            segment: self.segments.front().copied().unwrap_or(self.newest),
            end: self.offset,
        }
    }

    /// The next lines, none when all up to `written` were read and passed. Removes the segments that it leaves behind.
    pub(crate) fn next(&mut self, written: Written) -> io::Result<Option<Batch>> {
        self.segments.extend(self.newest + 1..=written.segment);
        self.newest = self.newest.max(written.segment);
        while let Some(number) = self.segments.front().copied() {
            let is_closed = number < written.segment;
            let batch = self.read(number, if is_closed { u64::MAX } else { written.end })?;
            if batch.lines > 0 {
                return Ok(Some(batch));
            }
            if !is_closed {
                break;
            }
            self.fill.removed(remove(&segment(&self.folder, number))?);
            self.segments.pop_front();
            self.offset = 0;
        }
        Ok(None)
    }

    /// These lines are where they belong.
    pub(crate) fn pass(&mut self, batch: &Batch) {
        self.offset += batch.bytes;
        self.fill.passed(batch.lines);
    }

    fn read(&self, number: u64, end: u64) -> io::Result<Batch> {
        let wanted = end.saturating_sub(self.offset).min(LINE_MAX as u64);
        if wanted == 0 {
            return Ok(Batch::default());
        }
        let mut file = match File::open(segment(&self.folder, number)) {
            Ok(file) => file,
            // All of it had been carried, and its writer removed it.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Batch::default()),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(wanted).read_to_end(&mut bytes)?;
        Ok(Batch::of(&bytes))
    }
}

/// Removes a segment that may be gone already; the bytes that it had.
pub(super) fn remove(path: &Path) -> io::Result<u64> {
    let removed = fs::metadata(path).and_then(|metadata| {
        fs::remove_file(path)?;
        Ok(metadata.len())
    });
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        removed => removed,
    }
}

/// The whole lines of a segment, and their bytes.
pub(super) fn measure(path: &Path) -> io::Result<(u64, u64)> {
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let (mut lines, mut whole, mut seen) = (0, 0, 0);
    loop {
        let chunk = file.fill_buf()?;
        if chunk.is_empty() {
            return Ok((lines, whole));
        }
        for (index, _) in chunk.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            lines += 1;
            whole = seen + index as u64 + 1;
        }
        let length = chunk.len();
        seen += length as u64;
        file.consume(length);
    }
}
