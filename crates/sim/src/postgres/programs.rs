//! Where PostgreSQL's programs are, and as whom they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of one version.
#[derive(Debug, Clone)]
pub(super) struct Programs(PathBuf);

impl Programs {
    /// Those of the newest version that is installed.
    pub(super) fn newest() -> Option<Self> {
        let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let version: u32 = entry.file_name().to_str()?.parse().ok()?;
                let folder = entry.path().join("bin");
                folder.join("initdb").is_file().then_some((version, folder))
            })
            .collect();
        versions.sort();
        versions.pop().map(|(_, folder)| Self(folder))
    }

    /// Their folder.
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }
}

/// PostgreSQL refuses to run as root: then the user of its package, by its number.
pub(super) fn unprivileged() -> Option<u32> {
    let number = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    let is_root = number(&["-u"]) == Some(0);
    // Debian's "nobody" is 65534.
    is_root.then(|| number(&["-u", "postgres"]).unwrap_or(65_534))
}
