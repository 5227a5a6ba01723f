//! Where FusionPBX is and how its database and FreeSWITCH are reached, as its own configuration files say.
//!
//! Two programs read them, each in its own way: the web pages (PHP) and the scripts that serve calls (Lua in FreeSWITCH). Where they
//! differ, pages work and calls do not. Facts of FusionPBX 5.4.4 and 5.6.4-dev; what PHP makes of a line was measured with 8.2.36.

mod conf;
mod conninfo;
mod error;
mod files;
mod older;
mod secret;

pub use error::SettingsError;
pub use secret::Secret;

use crate::{CacheMethod, CacheSettings, Host, Installation, PasswordCut, SecondConfig};
use conf::Conf;
use files::Found;
use older::Older;
use std::path::{Path, PathBuf};

/// What FusionPBX's configuration files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The installation.
    pub installation: Installation,
    /// The file that Lua reads: the same as the installation's, but where there are several.
    pub lua_config: PathBuf,
    /// The database, as the pages reach it.
    pub database: DatabaseSettings,
    /// The event socket; `None` where the files say nothing of it. Then `v_settings` of older versions may, and else it is
    /// [`EventSocket::default`].
    pub event_socket: Option<EventSocket>,
    /// The cache, as Lua keeps it.
    pub lua_cache: CacheSettings,
}

/// How a database is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// A name, an address, or the folder of its socket.
    pub host: String,
    /// Its port; of a socket a part of its name.
    pub port: u16,
    /// The database's name.
    pub name: String,
    /// The role.
    pub user: String,
    /// The role's password.
    pub password: Secret,
    /// Whether TLS is used.
    pub tls: TlsMode,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// Where the server asks for it.
    Allow,
    /// Where the server can.
    #[default]
    Prefer,
    /// Always, whoever the server is.
    Require,
    /// Always, and its certificate is to be of somebody who is trusted.
    VerifyCa,
    /// Always, and its certificate is to be its own.
    VerifyFull,
}

impl TlsMode {
    /// As it is written, the one in front the usual one.
    const NAMES: [(&str, Self); 6] = [
        ("prefer", Self::Prefer),
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    fn parse(text: &str) -> Option<Self> {
        let known = Self::NAMES.into_iter().find(|(name, _)| *name == text)?;
        Some(known.1)
    }
}

/// FreeSWITCH's event socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSocket {
    /// A name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its password.
    pub password: Secret,
}

impl Default for EventSocket {
    /// As FreeSWITCH is delivered, and as FusionPBX takes it where nothing is said.
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 8021,
            password: Secret::new("ClueCon"),
        }
    }
}

impl Settings {
    /// Reads the files of a machine: `config.conf`, else the older forms.
    ///
    /// # Errors
    /// When there is none, with all places that were looked at; or what is wrong in which line.
    pub fn read(host: &Host) -> Result<Self, SettingsError> {
        match files::find(host)? {
            Found::Conf { pages, calls } => {
                let read = Conf::parse(&pages.0, &pages.1)?;
                match calls {
                    Some(calls) => Self::of_conf(&read, &Conf::parse(&calls.0, &calls.1)?, host),
                    None => Self::of_conf(&read, &read, host),
                }
            }
            Found::Older { pages, calls } => {
                Self::of_older(&Older::parse(pages.as_ref(), calls.as_ref())?, host)
            }
        }
    }

    fn of_conf(pages: &Conf, calls: &Conf, host: &Host) -> Result<Self, SettingsError> {
        pages.database_type()?;
        let database = DatabaseSettings {
            host: reachable(pages.database_host(), host),
            port: pages.port("database.0.port")?.unwrap_or(5432),
            name: pages.required("database.0.name")?.into(),
            user: pages.required("database.0.username")?.into(),
            password: Secret::new(pages.pages("database.0.password").unwrap_or_default()),
            tls: pages.tls("database.0.sslmode")?,
        };
        let root = pages.pages("document.root").unwrap_or(files::DOCUMENT_ROOT);
        let project = pages.pages("project.path").unwrap_or_default();
        Ok(Self {
            installation: Installation {
                config: pages.path().into(),
                version: None,
                document_root: Path::new(root).join(project.trim_start_matches('/')),
                password_cut: cut(calls),
                second: (pages.path() != calls.path()).then(|| SecondConfig {
                    path: calls.path().into(),
                    differs: pages.differing(calls),
                }),
                switch_conf: calls.folder("switch.conf.dir", files::SWITCH_CONF),
                scripts: calls.folder("switch.scripts.dir", files::SCRIPTS),
            },
            lua_config: calls.path().into(),
            database,
            event_socket: pages.event_socket()?,
            lua_cache: cache(calls.calls("cache.method"), calls.calls("cache.location")),
        })
    }

    fn of_older(older: &Older, host: &Host) -> Result<Self, SettingsError> {
        let mut database = older.database()?;
        database.host = reachable(&database.host, host);
        let of_calls = older.password_of_calls();
        let differs = of_calls.is_some_and(|password| password != database.password.reveal());
        Ok(Self {
            installation: Installation {
                config: older.config().into(),
                version: None,
                document_root: older.folder("document_root", files::DOCUMENT_ROOT),
                password_cut: differs.then_some(PasswordCut::Files),
                second: None,
                switch_conf: older.folder("conf_dir", files::SWITCH_CONF),
                scripts: older.folder("scripts_dir", files::SCRIPTS),
            },
            lua_config: older.lua_config().into(),
            database,
            event_socket: None,
            lua_cache: cache(older.lua("cache.method"), older.lua("cache.location")),
        })
    }
}

/// Why Lua makes another password of a file than PHP does; `None` where it makes the same.
fn cut(conf: &Conf) -> Option<PasswordCut> {
    let key = "database.0.password";
    let of_calls = conninfo::value_as_pasted(conf.calls(key).unwrap_or_default());
    let same = of_calls.as_deref() == Some(conf.pages(key).unwrap_or_default());
    (!same).then(|| conf.sign(key).map_or(PasswordCut::Files, PasswordCut::Sign))
}

/// A socket's folder is looked for below the machine's root, as the machine may be a container's host.
fn reachable(host: &str, machine: &Host) -> String {
    if !host.starts_with('/') {
        return host.into();
    }
    let below = machine.path(host);
    if below.is_dir() {
        below.to_string_lossy().into_owned()
    } else {
        host.into()
    }
}

/// A method that is not said is none: FusionPBX's Lua keeps nothing then.
fn cache(method: Option<&str>, location: Option<&str>) -> CacheSettings {
    CacheSettings {
        method: CacheMethod::parse(method.unwrap_or_default()),
        location: location
            .filter(|path| !path.is_empty())
            .unwrap_or(files::CACHE)
            .into(),
    }
}
