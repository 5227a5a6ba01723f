//! Where FreeSWITCH's things are: as it says itself, else as FusionPBX is configured, else as the Debian package has it.

use crate::{Installation, Running};
use std::path::PathBuf;

/// FreeSWITCH's folders.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    pub(super) modules: PathBuf,
    pub(super) scripts: PathBuf,
    pub(super) conf: PathBuf,
    pub(super) logs: PathBuf,
}

impl Folders {
    pub(super) fn of(running: Option<&Running>, installation: Option<&Installation>) -> Self {
        if let Some(running) = running {
            return Self {
                modules: running.mod_dir.clone(),
                scripts: running.script_dir.clone(),
                conf: running.conf_dir.clone(),
                logs: running.log_dir.clone(),
            };
        }
        let configured = |folder: fn(&Installation) -> &PathBuf, packaged: &str| {
            installation.map_or_else(|| packaged.into(), |installation| folder(installation).clone())
        };
        Self {
            modules: "/usr/lib/freeswitch/mod".into(),
            scripts: configured(|known| &known.scripts, "/usr/share/freeswitch/scripts"),
            conf: configured(|known| &known.switch_conf, "/etc/freeswitch"),
            logs: "/var/log/freeswitch".into(),
        }
    }
}
