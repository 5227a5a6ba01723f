//! FreeSWITCH, its process and its event socket.

use crate::Owner;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

/// FreeSWITCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchFacts {
    /// Its process on this machine; `None` where there is none.
    pub process: Option<Account>,
    /// Its event socket.
    pub esl: Esl,
    /// What it says of itself; `None` where the event socket could not be used.
    pub running: Option<Running>,
    /// The folder of its configuration, and whose it is.
    pub folder: Option<(PathBuf, Owner)>,
    /// What its process, where one is seen, has of its own.
    pub apart: Apart,
}

/// What a process does not share with the machine on which it is seen: one in a container has both of its own, or one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Apart {
    /// Its network: the same address is another there.
    pub network: bool,
    /// Its files: the same path is another file there.
    pub files: bool,
}

/// Who a process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub pid: u32,
    /// The user's name, or its number where it has none.
    pub name: String,
    /// The user and the group.
    pub owner: Owner,
}

/// The event socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Esl {
    /// The host that was tried.
    pub host: String,
    /// The port that was tried.
    pub port: u16,
    /// How it ended.
    pub state: EslState,
    /// Whether the password that was taken is the one that everybody knows.
    pub default_password: bool,
    /// The addresses that the port listens on, as this machine tells.
    pub listens: Vec<IpAddr>,
    /// The lists of `apply-inbound-acl` in event_socket.conf.xml; `None` where that is not to be read.
    pub access: Option<Vec<String>>,
}

/// How an attempt to use the event socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EslState {
    /// It takes commands.
    Up,
    /// Nothing answers, with the system's words.
    Unreachable(String),
    /// It refuses the password.
    WrongPassword,
    /// Its access list refuses us.
    Refused,
}

/// What FreeSWITCH says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// `version`: `1.10.12-release`.
    pub version: String,
    /// `global_getvar mod_dir`.
    pub mod_dir: PathBuf,
    /// `global_getvar script_dir`.
    pub script_dir: PathBuf,
    /// `global_getvar conf_dir`.
    pub conf_dir: PathBuf,
    /// `global_getvar log_dir`.
    pub log_dir: PathBuf,
    /// `hostname`: what FusionPBX compares `dialplans.hostname` with.
    pub hostname: String,
    /// The modules that matter to us and are loaded.
    pub modules: BTreeSet<LoadedModule>,
    /// All applications of the dialplan (`show application`).
    pub applications: BTreeSet<String>,
}

/// A module that matters to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoadedModule {
    /// mod_audio_stream.
    AudioStream,
    /// mod_lua.
    Lua,
    /// mod_memcache.
    Memcache,
    /// mod_loopback, for the test call.
    Loopback,
}
