//! The machine: its files below a root folder, its users, processes, ports and disks.

mod access;
mod accounts;
mod apart;
mod disk;
mod ports;
mod processes;
mod time_zone;

pub use access::Want;
pub use accounts::User;

use std::path::{Component, Path, PathBuf};

/// The machine that is looked at. A container that has the host's files elsewhere names that folder; so do tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    root: PathBuf,
}

impl Host {
    /// The machine whose `/` is `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Whether it is the machine that this runs on, and not only its files.
    pub fn is_here(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where an absolute path of the machine is found from here. It never leads out of the root.
    pub fn path(&self, absolute: impl AsRef<Path>) -> PathBuf {
        let mut path = self.root.clone();
        for part in absolute.as_ref().components() {
            match part {
                Component::Normal(name) => path.push(name),
                Component::ParentDir if path != self.root => {
                    path.pop();
                }
                _ => {}
            }
        }
        path
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new("/")
    }
}
