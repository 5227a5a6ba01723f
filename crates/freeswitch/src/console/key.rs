//! What goes into commands of administration, parsed once so that it can never end its argument or its line.

use crate::argument::{ArgumentError, refuse};
use std::fmt;

/// A key of FusionPBX's cache: `dialplan:pbx.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey(String);

impl CacheKey {
    /// Parses 1 to 250 (memcached's limit) of letters, digits and `. - _ @ : + * # / $ { }`, without `..`.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_@:+*#/${}".contains(c);
        if (1..=250).contains(&text.len()) && text.chars().all(allowed) && !text.contains("..") {
            return Ok(Self(text.to_owned()));
        }
        Err(refuse(
            "a key of the cache",
            text,
            "use 1 to 250 letters, digits or . - _ @ : + * # / $ { } without ..",
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The event by which the machines of a cluster hear that a key is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheEvent {
    /// `fusion::file`: the cache is of files.
    File,
    /// `fusion::memcache`.
    Memcache,
}

impl CacheEvent {
    pub(super) const fn subclass(self) -> &'static str {
        match self {
            Self::File => "fusion::file",
            Self::Memcache => "fusion::memcache",
        }
    }

    /// What the other machine gives as a command.
    pub(super) const fn command(self) -> &'static str {
        match self {
            Self::File => "cache",
            Self::Memcache => "memcache",
        }
    }

    /// The key as this cache writes it: PHP's file cache has `.` for `:`, and nothing else (recorded).
    pub(super) fn written(self, key: &CacheKey) -> String {
        match self {
            Self::File => key.as_str().replace(':', "."),
            Self::Memcache => key.as_str().to_owned(),
        }
    }
}

/// The name of a module: `mod_audio_stream`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleName(String);

impl ModuleName {
    /// mod_audio_stream.
    pub fn audio_stream() -> Self {
        Self("mod_audio_stream".to_owned())
    }

    /// mod_lua.
    pub fn lua() -> Self {
        Self("mod_lua".to_owned())
    }

    /// mod_memcache.
    pub fn memcache() -> Self {
        Self("mod_memcache".to_owned())
    }

    /// mod_loopback.
    pub fn loopback() -> Self {
        Self("mod_loopback".to_owned())
    }

    /// Parses `mod_` and 1 to 60 small letters, digits and `_`: a name and never a path.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        let rest = text.strip_prefix("mod_").unwrap_or_default();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if (1..=60).contains(&rest.len()) && rest.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(refuse(
            "a module",
            text,
            "use mod_ and 1 to 60 small letters, digits or _, as in mod_audio_stream",
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
