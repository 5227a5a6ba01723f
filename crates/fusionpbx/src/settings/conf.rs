//! `config.conf`: `key = value` lines, read as PHP's `parse_ini_file` reads them for the pages, and as FusionPBX's Lua does for calls.

use super::error::{SettingsError, Wrong};
use super::{EventSocket, Secret, TlsMode};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A port as it is written.
pub(super) const A_PORT: &str = "1–65535";

/// The file.
pub(super) struct Conf {
    path: PathBuf,
    lines: Vec<Line>,
}

/// A line with a value.
struct Line {
    number: usize,
    key: String,
    /// As PHP reads it: without quotes and without a comment.
    pages: String,
    /// As Lua reads it: whatever stands between the first and the second `=`.
    calls: String,
    /// As it stands there.
    written: String,
}

impl Conf {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.starts_with(['#', ';', '[']) {
                continue;
            }
            let fails = |wrong| SettingsError::line(path, number, wrong);
            let Some((key, value)) = line.split_once('=') else {
                no_value(line).map_or(Ok(()), |wrong| Err(fails(wrong)))?;
                continue;
            };
            let (key, value) = (key.trim().to_owned(), value.trim());
            let Some(pages) = unquoted(value) else {
                return Err(fails(Wrong::Unclosed { key }));
            };
            lines.push(Line {
                number,
                key,
                pages,
                written: value.to_owned(),
                calls: value.split('=').next().unwrap_or_default().trim().to_owned(),
            });
        }
        Ok(Self {
            path: path.into(),
            lines,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The value of the pages. Of two lines the later counts, for both readers.
    pub(super) fn pages(&self, key: &str) -> Option<&str> {
        Some(&self.line(key)?.pages)
    }

    /// The value of calls.
    pub(super) fn calls(&self, key: &str) -> Option<&str> {
        Some(&self.line(key)?.calls)
    }

    /// The sign in a value of which its two readers make different things.
    pub(super) fn sign(&self, key: &str) -> Option<char> {
        let written = &self.line(key)?.written;
        ['=', '"', ';', '\\', ' ', '\t', '\'']
            .into_iter()
            .find(|sign| written.contains(*sign))
    }

    /// The settings of calls that another file has otherwise, by their keys.
    pub(super) fn differing(&self, other: &Self) -> Vec<String> {
        let of_calls = |line: &&Line| {
            ["database.0.", "cache.", "switch."]
                .iter()
                .any(|begin| line.key.starts_with(begin))
        };
        let lines = self.lines.iter().chain(&other.lines).filter(of_calls);
        let keys: BTreeSet<_> = lines.map(|line| line.key.as_str()).collect();
        let differs = |key: &&str| self.pages(key) != other.pages(key);
        keys.into_iter().filter(differs).map(str::to_owned).collect()
    }

    /// A value that must be there.
    pub(super) fn required(&self, key: &'static str) -> Result<&str, SettingsError> {
        self.given(key).ok_or_else(|| SettingsError::Missing {
            path: self.path.clone(),
            key,
        })
    }

    /// A folder of calls.
    pub(super) fn folder(&self, key: &str, otherwise: &str) -> PathBuf {
        self.calls(key)
            .filter(|value| !value.is_empty())
            .unwrap_or(otherwise)
            .into()
    }

    /// Refuses what is not PostgreSQL.
    pub(super) fn database_type(&self) -> Result<(), SettingsError> {
        match self.given("database.0.type") {
            None | Some("pgsql") => Ok(()),
            Some(_) => Err(self.value("database.0.type", "pgsql: PostgreSQL alone is supported")),
        }
    }

    /// Without any, libpq takes the socket of Debian's PostgreSQL.
    pub(super) fn database_host(&self) -> &str {
        self.given("database.0.host")
            .or_else(|| self.given("database.0.hostaddr"))
            .unwrap_or("/var/run/postgresql")
    }

    pub(super) fn port(&self, key: &str) -> Result<Option<u16>, SettingsError> {
        let Some(value) = self.given(key) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(port) if port > 0 => Ok(Some(port)),
            _ => Err(self.value(key, A_PORT)),
        }
    }

    pub(super) fn tls(&self, key: &str) -> Result<TlsMode, SettingsError> {
        let Some(value) = self.given(key) else {
            return Ok(TlsMode::default());
        };
        TlsMode::parse(value)
            .ok_or_else(|| self.value(key, "prefer, disable, allow, require, verify-ca, verify-full"))
    }

    /// The event socket, where one of its settings is there at least.
    pub(super) fn event_socket(&self) -> Result<Option<EventSocket>, SettingsError> {
        let host = self.given("switch.event_socket.host");
        let port = self.port("switch.event_socket.port")?;
        let password = self.given("switch.event_socket.password");
        if host.is_none() && port.is_none() && password.is_none() {
            return Ok(None);
        }
        let usual = EventSocket::default();
        Ok(Some(EventSocket {
            host: host.map_or(usual.host, str::to_owned),
            port: port.unwrap_or(usual.port),
            password: password.map_or(usual.password, Secret::new),
        }))
    }

    /// A value that is not empty.
    fn given(&self, key: &str) -> Option<&str> {
        self.pages(key).filter(|value| !value.is_empty())
    }

    fn line(&self, key: &str) -> Option<&Line> {
        self.lines.iter().rfind(|line| line.key == key)
    }

    fn value(&self, key: &str, right: &'static str) -> SettingsError {
        let (number, value) = self
            .line(key)
            .map_or((0, ""), |line| (line.number, line.pages.as_str()));
        SettingsError::line(
            &self.path,
            number,
            Wrong::Value {
                key: key.into(),
                value: value.into(),
                right,
            },
        )
    }
}

/// What is wrong with a line without `=`: nothing, unless it begins with a key of ours.
fn no_value(line: &str) -> Option<Wrong> {
    let key = line.split([' ', '\t', ':']).next().unwrap_or_default();
    let ours = ["database.0.", "switch.", "cache.", "document."];
    ours.iter()
        .any(|begin| key.starts_with(begin))
        .then(|| Wrong::NoEquals { key: key.into() })
}

/// A value as PHP reads it. One that holds `=`, `!` or `(` outside quotes PHP 8.2 refuses, with the whole file; other versions of
/// FusionPBX read the file by hand, so it is taken as it stands. `None` where a quote is not closed.
fn unquoted(value: &str) -> Option<String> {
    if let Some(inner) = value.strip_prefix('\'') {
        return Some(inner[..inner.find('\'')?].to_owned());
    }
    let Some(inner) = value.strip_prefix('"') else {
        let plain = value.split(';').next().unwrap_or_default();
        return Some(plain.trim_end().to_owned());
    };
    let mut text = String::new();
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some(text),
            '\\' if characters.peek() == Some(&'"') => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    None
}
