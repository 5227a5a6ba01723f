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
    /// Why calls read another database password than the pages, where they do.
    pub password_cut: Option<PasswordCut>,
    /// The `config.conf` that calls read, where it is another than the pages' one.
    pub second: Option<SecondConfig>,
    /// Where FreeSWITCH's configuration is, as configured.
    pub switch_conf: PathBuf,
    /// Where FreeSWITCH's scripts are, as configured.
    pub scripts: PathBuf,
}

/// Why calls read another database password than the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCut {
    /// It holds this sign, which only one of the readers takes for a part of it: `=`, `"`, `;`, `\`, a space, `'`.
    Sign(char),
    /// The files of pages and of calls have different ones: the older forms, `config.php` and `config.lua`.
    Files,
}

/// A `config.conf` that Lua finds before the one that PHP finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondConfig {
    /// Where it is.
    pub path: PathBuf,
    /// The settings of which the two files have different values, by their keys.
    pub differs: Vec<String>,
}
