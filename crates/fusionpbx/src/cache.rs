//! FusionPBX's cache is made to forget: exactly what is stale, in the place where calls read it, and on every machine of a cluster.
//!
//! Measured on FusionPBX 5.4.4 and 5.6.4-dev.

mod names;

pub use names::file_names;
pub(crate) use names::of_dialplan;

use crate::{CacheMethod, CacheSettings, Host, Text};
use freeswitch::{CacheEvent, CacheKey, CommandError, Console};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The key that stands for all that is kept of dialplans: what is to go when a row of all domains changes.
pub const ALL_DIALPLANS: &str = "dialplan:*";

/// What became of a key.
#[derive(Debug)]
pub struct Cleared {
    /// Which.
    pub key: CacheKey,
    /// What was there, and is gone.
    pub removed: Result<Removed, CacheError>,
    /// Whether the other machines of a cluster were told; `None` without FreeSWITCH. Where there is no cluster it is of no matter.
    pub announced: Option<Result<(), CommandError>>,
}

/// What was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// Nothing.
    Nothing,
    /// These files.
    Files(Vec<PathBuf>),
    /// A value in memcached.
    Value,
}

impl Removed {
    /// For the operator.
    pub fn text(&self) -> Text {
        match self {
            Self::Nothing => Text::new("nothing was kept", "nada estava guardado"),
            Self::Files(files) => {
                let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
                let files = files.join(", ");
                Text::new(format!("removed {files}"), format!("removido {files}"))
            }
            Self::Value => Text::new("removed from memcached", "removido do memcached"),
        }
    }
}

/// Why a key could not be cleared.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file stays.
    #[error("{path}: {error}; remove it as root or as FreeSWITCH's user", path = path.display())]
    File {
        /// The file, or the folder that cannot be listed.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// mod_memcache is asked by the event socket, which could not be used.
    #[error(
        "{key} is in memcached, which is reached by FreeSWITCH's event socket alone, and that could not be used"
    )]
    NoConsole {
        /// The key.
        key: String,
    },
    /// memcached has no list of its keys, and to forget all of them would drop what is kept of directories too.
    #[error(
        "{ALL_DIALPLANS} cannot be cleared in memcached: name each context, as in dialplan:pbx.example.com"
    )]
    NoList,
    /// mod_memcache does not reach it.
    #[error(
        "{key} is in memcached, which does not answer FreeSWITCH ({reply}): systemctl start memcached; voice-ai explain CA-04 tells more"
    )]
    Memcached {
        /// The key.
        key: String,
        /// What mod_memcache says.
        reply: String,
    },
    /// FreeSWITCH refused.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// config.conf names a method that this knows nothing of.
    #[error("cache.method is {method:?}: set it to file or memcache in config.conf")]
    Method {
        /// The method.
        method: String,
    },
}

impl CacheError {
    /// For the operator.
    pub fn text(&self) -> Text {
        let en = self.to_string();
        let pt = match self {
            Self::File { path, error } => format!(
                "{}: {error}; remova-o como root ou como o usuário do FreeSWITCH",
                path.display()
            ),
            Self::NoConsole { key } => format!(
                "{key} está no memcached, que só se alcança pelo event socket do FreeSWITCH, e este não pôde ser usado"
            ),
            Self::NoList => format!(
                "{ALL_DIALPLANS} não pode ser limpo no memcached: indique cada contexto, como em dialplan:pbx.example.com"
            ),
            Self::Memcached { key, reply } => format!(
                "{key} está no memcached, que não responde ao FreeSWITCH ({reply}): systemctl start memcached; voice-ai explain CA-04 diz mais"
            ),
            Self::Command(error) => format!("o FreeSWITCH recusou: {error}"),
            Self::Method { method } => {
                format!("cache.method é {method:?}: defina file ou memcache no config.conf")
            }
        };
        Text::new(en, pt)
    }
}

/// Forgets these keys where one of FusionPBX's halves keeps them, and tells the other machines. Each key for itself: one that cannot be
/// cleared holds up no other.
pub async fn clear(
    settings: &CacheSettings,
    host: &Host,
    keys: &[CacheKey],
    mut console: Option<&mut Console>,
) -> Vec<Cleared> {
    let mut cleared = Vec::with_capacity(keys.len());
    for key in keys {
        let removed = remove(settings, host, key, console.as_deref_mut()).await;
        let announced = match (console.as_deref_mut(), event(&settings.method)) {
            (Some(console), Some(event)) => Some(console.announce_deletion(event, key).await),
            _ => None,
        };
        let key = key.clone();
        cleared.push(Cleared {
            key,
            removed,
            announced,
        });
    }
    cleared
}

async fn remove(
    settings: &CacheSettings,
    host: &Host,
    key: &CacheKey,
    console: Option<&mut Console>,
) -> Result<Removed, CacheError> {
    match &settings.method {
        CacheMethod::File => remove_files(&settings.location, host, key),
        CacheMethod::Memcache if key.as_str() == ALL_DIALPLANS => Err(CacheError::NoList),
        CacheMethod::Memcache => {
            let key_text = || key.as_str().to_owned();
            let console = console.ok_or_else(|| CacheError::NoConsole { key: key_text() })?;
            match console.delete_from_memcache(key).await {
                Ok(true) => Ok(Removed::Value),
                Ok(false) => Ok(Removed::Nothing),
                // The words of libmemcached: CONNECTION FAILURE, SERVER IS MARKED DEAD and others of the connection.
                Err(CommandError::Failed { reply, .. }) if is_unreached(&reply) => {
                    Err(CacheError::Memcached {
                        key: key_text(),
                        reply,
                    })
                }
                Err(error) => Err(error.into()),
            }
        }
        CacheMethod::Other(method) => Err(CacheError::Method {
            method: method.clone(),
        }),
    }
}

fn is_unreached(reply: &str) -> bool {
    ["CONNECTION", "SERVER", "HOST", "TIMEOUT"]
        .iter()
        .any(|word| reply.contains(word))
}

const fn event(method: &CacheMethod) -> Option<CacheEvent> {
    match method {
        CacheMethod::File => Some(CacheEvent::File),
        CacheMethod::Memcache => Some(CacheEvent::Memcache),
        CacheMethod::Other(_) => None,
    }
}

/// The files that clearing a key would remove; `None` where keys are kept elsewhere, and only clearing tells what was there.
///
/// # Errors
/// When the folder cannot be listed.
pub fn files_of(
    settings: &CacheSettings,
    host: &Host,
    key: &CacheKey,
) -> Result<Option<Vec<PathBuf>>, CacheError> {
    if settings.method != CacheMethod::File {
        return Ok(None);
    }
    let mut files = named_by(&settings.location, host, key)?;
    files.retain(|file| file.is_file());
    Ok(Some(files))
}

/// Where a key may be kept.
fn named_by(location: &Path, host: &Host, key: &CacheKey) -> Result<Vec<PathBuf>, CacheError> {
    let folder = host.path(location);
    let names = match key.as_str() {
        ALL_DIALPLANS => of_all_dialplans(&folder)?,
        key => file_names(key),
    };
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

fn remove_files(location: &Path, host: &Host, key: &CacheKey) -> Result<Removed, CacheError> {
    let mut removed = Vec::new();
    for path in named_by(location, host, key)? {
        match fs::remove_file(&path) {
            Ok(()) => removed.push(path),
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(CacheError::File { path, error }),
        }
    }
    if removed.is_empty() {
        return Ok(Removed::Nothing);
    }
    Ok(Removed::Files(removed))
}

fn of_all_dialplans(folder: &Path) -> Result<Vec<String>, CacheError> {
    let refused = |error| CacheError::File {
        path: folder.to_owned(),
        error,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(refused(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(refused)?.file_name();
        names.extend(name.to_str().filter(|name| of_dialplan(name)).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Nothing is there, or a part of the path is a file.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
