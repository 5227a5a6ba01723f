//! The space on the disks.

use super::Host;
use std::io;
use std::path::Path;

impl Host {
    /// The bytes that are free for everybody, and those in all, of the disk that a path is on. A path that is not there yet counts as
    /// the folder that it would be in.
    pub fn disk(&self, path: &Path) -> io::Result<(u64, u64)> {
        let mut at = path;
        let stat = loop {
            match (rustix::fs::statvfs(self.path(at)), at.parent()) {
                (Err(rustix::io::Errno::NOENT), Some(parent)) => at = parent,
                (told, _) => break told?,
            }
        };
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Ok((bytes(stat.f_bavail), bytes(stat.f_blocks)))
    }
}
