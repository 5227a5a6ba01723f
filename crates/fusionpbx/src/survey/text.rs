//! Files that are read in part, as their length is not in our hand.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// At most so many bytes of a file's beginning. What is no UTF-8 is replaced.
pub(super) fn beginning(path: &Path, most: u64) -> io::Result<String> {
    read(File::open(path)?, most)
}

/// At most so many bytes of a file's end.
pub(super) fn end(path: &Path, most: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    read(file, most)
}

fn read(file: File, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
