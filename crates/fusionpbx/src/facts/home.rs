//! What there is of the service's own files: what setup would write.

use crate::journal::History;
use crate::{FileFacts, Owner};
use std::path::PathBuf;

/// The service's home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeFacts {
    /// Whether systemd runs this machine, and not only its files are seen from here.
    pub systemd: bool,
    /// Whether it is this machine that is looked at, and not only its files.
    pub here: bool,
    /// The machine's time zone, by its IANA name, where it has one.
    pub time_zone: Option<String>,
    /// The unit's file, wherever systemd finds it.
    pub unit: Option<PathBuf>,
    /// Whether systemd starts it with the machine.
    pub enabled: bool,
    /// The user that the service runs as, where it is there.
    pub user: Option<Owner>,
    /// A number of system accounts that no user and no group has.
    pub free_id: u32,
    /// The configuration's file.
    pub config: Option<FileFacts>,
    /// The file of the event socket's password.
    pub password: Option<FileFacts>,
    /// The file of the token that streams show.
    pub token: Option<FileFacts>,
    /// The files of the unit and of the user that setup has written where no package did.
    pub written: Vec<(PathBuf, FileFacts)>,
    /// What was done by us, and what was there before.
    pub history: History,
}

impl HomeFacts {
    /// Whether nothing starts services here, and nothing makes their users: no systemd, now or when the files are a machine's.
    pub fn is_bare(&self) -> bool {
        self.here && !self.systemd
    }
}
