//! Where FusionPBX's configuration may be.

use super::error::{SettingsError, Wrong};
use crate::Host;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What FusionPBX takes where nothing is said.
pub(super) const DOCUMENT_ROOT: &str = "/var/www/fusionpbx";
pub(super) const SWITCH_CONF: &str = "/etc/freeswitch";
pub(super) const SCRIPTS: &str = "/usr/share/freeswitch/scripts";
pub(super) const CACHE: &str = "/var/cache/fusionpbx";

/// In the order of the pages. Lua looks at the second one first.
const CONF: [&str; 2] = [
    "/etc/fusionpbx/config.conf",
    "/usr/local/etc/fusionpbx/config.conf",
];
/// Up to 5.0, for the pages.
const PHP: [&str; 3] = [
    "/etc/fusionpbx/config.php",
    "/usr/local/etc/fusionpbx/config.php",
    "/var/www/fusionpbx/resources/config.php",
];
/// Up to 5.0, for the scripts.
const LUA: [&str; 4] = [
    "/etc/fusionpbx/config.lua",
    "/usr/local/etc/fusionpbx/config.lua",
    "/usr/share/freeswitch/scripts/resources/config.lua",
    "/usr/local/freeswitch/scripts/resources/config.lua",
];

/// A file's path on its machine, and its text.
pub(super) type File = (PathBuf, String);

/// What was found.
pub(super) enum Found {
    /// `config.conf`.
    Conf {
        /// The one of the pages.
        pages: File,
        /// The one of Lua, where it is another.
        calls: Option<File>,
    },
    /// The older forms; one of them is there at least.
    Older {
        /// `config.php`.
        pages: Option<File>,
        /// `config.lua`.
        calls: Option<File>,
    },
}

pub(super) fn find(host: &Host) -> Result<Found, SettingsError> {
    if let Some(pages) = first(host, CONF)? {
        let calls = first(host, CONF.into_iter().rev())?.filter(|calls| calls.0 != pages.0);
        return Ok(Found::Conf { pages, calls });
    }
    let (pages, calls) = (first(host, PHP)?, first(host, LUA)?);
    if pages.is_none() && calls.is_none() {
        let looked = CONF.into_iter().chain(PHP).chain(LUA);
        return Err(SettingsError::NotFound {
            looked: looked.map(PathBuf::from).collect(),
        });
    }
    Ok(Found::Older { pages, calls })
}

fn first(host: &Host, paths: impl IntoIterator<Item = &'static str>) -> Result<Option<File>, SettingsError> {
    for path in paths {
        if let Some(text) = text(host, Path::new(path))? {
            return Ok(Some((path.into(), text)));
        }
    }
    Ok(None)
}

fn text(host: &Host, path: &Path) -> Result<Option<String>, SettingsError> {
    let bytes = match fs::read(host.path(path)) {
        Ok(bytes) => bytes,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(source) => {
            return Err(SettingsError::Unreadable {
                path: path.into(),
                source,
            });
        }
    };
    let wrong_at = |valid: usize| {
        let line = 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
        SettingsError::line(path, line, Wrong::NotText)
    };
    let text = str::from_utf8(&bytes).map_err(|error| wrong_at(error.valid_up_to()))?;
    if let Some(at) = text.find('\0') {
        return Err(wrong_at(at));
    }
    // Some editors of Windows begin a file with this mark; PHP takes no notice of it.
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}
