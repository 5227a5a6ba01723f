//! Where FusionPBX is, and the machine.

use crate::Unread;
use std::path::PathBuf;
use std::time::Duration;

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemFacts {
    /// Where FusionPBX is and what its configuration says.
    pub installation: Result<Installation, Unread>,
    /// The least free space among the disks that calls need, with its path: bytes free, bytes in all.
    pub disk: Option<(PathBuf, u64, u64)>,
    /// How far the database's clock is ahead (+) or behind (−) this machine's, in milliseconds.
    pub database_clock_ms: Option<i64>,
    /// The same of FreeSWITCH's.
    pub switch_clock_ms: Option<i64>,
    /// The most files that the running service may have open.
    pub file_limit: Option<u64>,
    /// How long the whole survey took.
    pub took: Duration,
}

/// FusionPBX as its configuration file tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The file that was read: `/etc/fusionpbx/config.conf` or an older form.
    pub config: PathBuf,
    /// `v_software.software_version`, once the database is read.
    pub version: Option<String>,
    /// Where the pages are.
    pub document_root: PathBuf,
    /// Whether Lua reads another password than PHP, as it cuts a value at its second `=`.
    pub password_cut: bool,
    /// Where FreeSWITCH's configuration is, as configured.
    pub switch_conf: PathBuf,
    /// Where FreeSWITCH's scripts are, as configured.
    pub scripts: PathBuf,
}
