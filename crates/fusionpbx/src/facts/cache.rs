//! What FusionPBX keeps beside its database.

use crate::Unread;
use std::path::PathBuf;

/// Where one of FusionPBX's two halves keeps the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// How.
    pub method: CacheMethod,
    /// The folder of the method `file`.
    pub location: PathBuf,
}

/// How the cache is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheMethod {
    /// Files, which never expire.
    File,
    /// memcached, by FreeSWITCH's mod_memcache.
    Memcache,
    /// Something else, as it stands there.
    Other(String),
}

impl CacheMethod {
    /// As FusionPBX writes it.
    pub fn parse(name: &str) -> Self {
        match name {
            "file" => Self::File,
            "memcache" => Self::Memcache,
            other => Self::Other(other.into()),
        }
    }
}

/// The cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFacts {
    /// As Lua reads it (config.conf): calls are served from this one.
    pub lua: CacheSettings,
    /// The files of dialplans that are there.
    pub files: Vec<CacheFile>,
    /// Whether FreeSWITCH's user may write into the folder; `None` where its user is not known or the method is not `file`.
    pub writable: Option<bool>,
    /// Whether memcached answers; `None` where the method is not `memcache`.
    pub memcached: Option<Result<(), Unread>>,
}

/// A file of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFile {
    /// Its name, which is its key with `:` as `.`: `dialplan.pbx.example.com`.
    pub name: String,
    /// What is in it.
    pub text: String,
}
