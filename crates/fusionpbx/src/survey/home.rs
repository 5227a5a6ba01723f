//! The service's own files, as far as setup would write them.

use super::script::file;
use crate::journal::{History, JournalError};
use crate::plan::{PASSWORD, SYSUSERS, TOKEN, UNIT, USER};
use crate::{HomeFacts, Host};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Where systemd looks for units, the first that counts in front (systemd.unit(5)).
const UNITS: [&str; 3] = [
    "/etc/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Where systemd has the unit once it is enabled, as its `WantedBy` says.
const WANTED: &str = "/etc/systemd/system/multi-user.target.wants/voice-ai-realtime.service";
/// The unit's name.
const NAME: &str = "voice-ai-realtime.service";

/// What there is of the service's files, with its configuration in `config`. Blocks.
///
/// # Errors
/// When a file that is there cannot be read.
pub fn home(host: &Host, config: &Path) -> io::Result<HomeFacts> {
    let units = UNITS.iter().map(|folder| Path::new(folder).join(NAME));
    let mut written = Vec::new();
    for path in [UNIT, SYSUSERS].map(PathBuf::from) {
        if let Some(file) = file(host, &path)? {
            written.push((path, file));
        }
    }
    Ok(HomeFacts {
        systemd: host.is_here() && Path::new("/run/systemd/system").is_dir(),
        here: host.is_here(),
        time_zone: host.time_zone(),
        unit: units.into_iter().find(|unit| host.path(unit).is_file()),
        // A link, which from here may lead nowhere.
        enabled: host.path(WANTED).symlink_metadata().is_ok(),
        user: host.user(USER).map(|user| user.owner),
        free_id: host.free_system_id(),
        config: file(host, config)?,
        password: file(host, Path::new(PASSWORD))?,
        token: file(host, Path::new(TOKEN))?,
        written,
        history: History::read(host).map_err(unreadable)?,
    })
}

/// The configuration that the service's unit names, as systemd starts it; `None` where there is no unit, or it names none. Blocks.
pub fn unit_config(host: &Host) -> Option<PathBuf> {
    let mut units = UNITS.iter().map(|folder| host.path(Path::new(folder).join(NAME)));
    let text = std::fs::read_to_string(units.find(|unit| unit.is_file())?).ok()?;
    let start = text
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix("ExecStart="))?;
    let mut words = start.split_whitespace();
    let named = words.find_map(|word| match word.strip_prefix("--config") {
        Some("") => Some(None),
        Some(rest) => rest.strip_prefix('=').map(Some),
        None => None,
    })?;
    let file = named.or_else(|| words.next())?;
    let file = Path::new(file.trim_matches('"'));
    file.is_absolute().then(|| file.to_owned())
}

fn unreadable(error: JournalError) -> io::Error {
    match error {
        JournalError::Io { path, source } => {
            io::Error::new(source.kind(), format!("{}: {source}", path.display()))
        }
        other => io::Error::new(ErrorKind::InvalidData, other.to_string()),
    }
}
