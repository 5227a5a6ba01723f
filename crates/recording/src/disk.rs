//! Folders and files that only the service reads, and the room left for them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Makes a file that was not there, mode 0600, and the folders above it, mode 0700.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// The bytes that may still be written below a folder, or below the nearest one above it that is there.
pub(crate) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let there = folder
        .ancestors()
        .find(|path| path.is_dir())
        .unwrap_or(Path::new("."));
    let statistics = rustix::fs::statvfs(there)?;
    Ok(statistics.f_bavail.saturating_mul(statistics.f_frsize))
}
