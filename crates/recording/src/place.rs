//! Where the files of a call are.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use secretary::DomainUuid;
use std::path::{Path, PathBuf};

/// The folder of all of them, below the data folder.
pub(crate) const FOLDER: &str = "recordings";
/// What a file is called while it is written.
pub(crate) const UNFINISHED: &str = "part";

/// A call's place: `recordings/{domain_uuid}/{date}/{name}`, each file with an extension of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// The place of a call that began then (in UTC). The name must be one of its own: a conversation's or a call's id.
    pub fn new(domain: DomainUuid, started: Timestamp, name: &str) -> Self {
        let date = started.to_zoned(TimeZone::UTC).date();
        Self(format!("{FOLDER}/{domain}/{date}/{name}"))
    }

    /// The path of one of its files, below the data folder.
    pub fn relative(&self, extension: &str) -> String {
        format!("{}.{extension}", self.0)
    }

    pub(crate) fn path(&self, data: &Path, extension: &str) -> PathBuf {
        data.join(self.relative(extension))
    }
}

/// Every form in which a file of a call may lie on the disk: a recording is unfinished, then a WAV, then perhaps Opus. To erase one
/// means to remove all of them.
pub fn every_form(path: &Path) -> Vec<PathBuf> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("wav" | "opus") => ["wav.part", "wav", "opus.part", "opus"]
            .map(|extension| path.with_extension(extension))
            .to_vec(),
        _ => vec![path.to_owned()],
    }
}

/// The path of a file while it is written.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    name.into()
}
