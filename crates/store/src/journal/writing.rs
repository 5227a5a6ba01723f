//! Appends lines to the newest segment.

use super::reader::remove;
use super::{Fill, SEGMENT_MAX, Written, private_file, segment};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The segment that is written. Its file is made with its first line.
pub(crate) struct Writing {
    folder: PathBuf,
    fill: Arc<Fill>,
    number: u64,
    file: Option<File>,
    length: u64,
    is_synced: bool,
}

impl Writing {
    /// Begins a segment of that number, which must be new.
    pub(crate) fn new(folder: &Path, number: u64, fill: Arc<Fill>) -> Self {
        Self {
            folder: folder.into(),
            fill,
            number,
            file: None,
            length: 0,
            is_synced: true,
        }
    }

    /// How far it is written.
    pub(crate) fn written(&self) -> Written {
        Written {
            segment: self.number,
            end: self.length,
        }
    }

    /// Appends so many whole lines, all of them or, with an error, none.
    pub(crate) fn append(&mut self, text: &[u8], lines: u64) -> io::Result<()> {
        if self.length >= SEGMENT_MAX.min(self.fill.limit / 4) {
            self.begin_next()?;
        }
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.create()?,
        };
        if let Err(error) = file.write_all(text) {
            // What was written of it is no entry. Where it cannot be cut off, it has no part in the new segment at least.
            if file.set_len(self.length).is_err() {
                self.abandon();
            } else {
                self.file = Some(file);
            }
            return Err(error);
        }
        self.file = Some(file);
        self.is_synced = false;
        self.length += text.len() as u64;
        self.fill.appended(text.len() as u64, lines);
        Ok(())
    }

    /// What was appended is on the disk when this returns.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.is_synced {
            return Ok(());
        }
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_data);
        if synced.is_err() {
            // The system may take pages for written that are not: nothing more is trusted to this file.
            self.abandon();
        }
        self.is_synced = true;
        synced
    }

    /// Removes the segment if it is written so far and no further: all of it was carried.
    pub(crate) fn retire(&mut self, carried: Written) -> io::Result<()> {
        if carried != self.written() || self.length == 0 {
            return Ok(());
        }
        let path = segment(&self.folder, self.number);
        self.abandon();
        self.fill.removed(remove(&path)?);
        Ok(())
    }

    /// Closes this segment, on the disk as far as it was written, and begins the next one.
    fn begin_next(&mut self) -> io::Result<()> {
        self.sync()?;
        self.abandon();
        Ok(())
    }

    fn abandon(&mut self) {
        self.file = None;
        self.number += 1;
        self.length = 0;
        self.is_synced = true;
    }

    fn create(&self) -> io::Result<File> {
        let file = private_file().open(segment(&self.folder, self.number))?;
        // Its name is on the disk as well.
        File::open(&self.folder)?.sync_all()?;
        Ok(file)
    }
}
