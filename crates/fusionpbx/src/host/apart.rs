//! Whether a process is in a container.

use super::Host;
use crate::Apart;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

impl Host {
    /// What a process has of its own; nothing where we may not see it.
    ///
    /// Its root is looked at and not its mount namespace: a unit with `PrivateTmp=` has a namespace of its own, and the same files.
    pub(crate) fn apart(&self, pid: u32) -> Apart {
        // What is looked at from elsewhere is told by its first process.
        let machine = if self.is_here() { "self" } else { "1" };
        let network = |process: &str| fs::read_link(self.path(format!("/proc/{process}/ns/net"))).ok();
        let files = |process: &str| {
            let root = fs::metadata(self.path(format!("/proc/{process}/root"))).ok()?;
            Some((root.dev(), root.ino()))
        };
        let pid = pid.to_string();
        Apart {
            network: differ::<PathBuf>(network(&pid), network(machine)),
            files: differ(files(&pid), files(machine)),
        }
    }
}

fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}
