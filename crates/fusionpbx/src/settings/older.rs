//! The forms up to FusionPBX 5.0: `config.php` for the pages, `config.lua` for calls. Both are programs; what is read of them is
//! assignments of texts.

use super::conf::A_PORT;
use super::conninfo;
use super::error::{SettingsError, Wrong};
use super::files::File;
use super::{DatabaseSettings, Secret, TlsMode};
use std::path::{Path, PathBuf};

/// Both files, of which one may be missing.
pub(super) struct Older {
    pages: Option<Assignments>,
    calls: Option<Assignments>,
}

struct Assignments {
    path: PathBuf,
    values: Vec<Assignment>,
}

struct Assignment {
    line: usize,
    name: String,
    value: String,
}

impl Older {
    pub(super) fn parse(pages: Option<&File>, calls: Option<&File>) -> Result<Self, SettingsError> {
        Ok(Self {
            pages: pages.map(Assignments::parse).transpose()?,
            calls: calls.map(Assignments::parse).transpose()?,
        })
    }

    /// The file of the pages, else the one of calls.
    pub(super) fn config(&self) -> &Path {
        self.file().map_or(Path::new(""), |file| &file.path)
    }

    /// The file of calls, else the one of the pages.
    pub(super) fn lua_config(&self) -> &Path {
        let file = self.calls.as_ref().or(self.pages.as_ref());
        file.map_or(Path::new(""), |file| &file.path)
    }

    /// A value of `config.lua`.
    pub(super) fn lua(&self, name: &str) -> Option<&str> {
        self.calls.as_ref()?.given(name)
    }

    /// A folder of `config.lua`.
    pub(super) fn folder(&self, name: &str, otherwise: &str) -> PathBuf {
        self.lua(name).unwrap_or(otherwise).into()
    }

    /// How the pages reach the database, else how calls do.
    pub(super) fn database(&self) -> Result<DatabaseSettings, SettingsError> {
        if let Some(pages) = &self.pages {
            return pages.database_of_pages();
        }
        let missing = || SettingsError::Missing {
            path: self.config().into(),
            key: "database.system",
        };
        let settings = self.dsn().ok_or_else(missing)?;
        let get = |key: &str| {
            settings
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| value.as_str())
        };
        Ok(DatabaseSettings {
            host: get("host").or(get("hostaddr")).unwrap_or("127.0.0.1").into(),
            port: get("port").and_then(|port| port.parse().ok()).unwrap_or(5432),
            name: get("dbname").ok_or_else(missing)?.into(),
            user: get("user").ok_or_else(missing)?.into(),
            password: Secret::new(get("password").unwrap_or_default()),
            tls: get("sslmode").and_then(TlsMode::parse).unwrap_or_default(),
        })
    }

    /// The password that calls use, where they use one of their own.
    pub(super) fn password_of_calls(&self) -> Option<String> {
        let found = self.dsn()?.into_iter().find(|(key, _)| key == "password")?;
        Some(found.1)
    }

    fn dsn(&self) -> Option<Vec<(String, String)>> {
        conninfo::parse(self.lua("database.system")?.strip_prefix("pgsql://")?)
    }

    fn file(&self) -> Option<&Assignments> {
        self.pages.as_ref().or(self.calls.as_ref())
    }
}

impl Assignments {
    /// `$name = 'value';` of PHP, and `name = "value";` or `name = [[value]];` of Lua.
    fn parse(file: &File) -> Result<Self, SettingsError> {
        let (path, text) = file;
        let mut values = Vec::new();
        for (line, code) in (1..).zip(text.lines()) {
            let code = code.trim();
            if code.starts_with("//")
                || code.starts_with("--")
                || code.starts_with('#')
                || code.starts_with('*')
            {
                continue;
            }
            let Some((name, value)) = code.split_once('=') else {
                continue;
            };
            let name = name.trim().trim_start_matches('$').to_owned();
            let is_name = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
            if !is_name {
                continue;
            }
            match literal(value.trim()) {
                Literal::Text(value) => values.push(Assignment { line, name, value }),
                Literal::Unclosed => {
                    return Err(SettingsError::line(path, line, Wrong::Unclosed { key: name }));
                }
                Literal::Code => {}
            }
        }
        Ok(Self {
            path: path.clone(),
            values,
        })
    }

    fn database_of_pages(&self) -> Result<DatabaseSettings, SettingsError> {
        if let Some(wrong) = self.find("db_type").filter(|kind| kind.value != "pgsql") {
            return Err(self.wrong(wrong, "pgsql: PostgreSQL alone is supported"));
        }
        let required = |key| {
            self.given(key).ok_or_else(|| SettingsError::Missing {
                path: self.path.clone(),
                key,
            })
        };
        let port = match self.find("db_port").filter(|port| !port.value.is_empty()) {
            None => 5432,
            Some(port) => port.value.parse().map_err(|_| self.wrong(port, A_PORT))?,
        };
        Ok(DatabaseSettings {
            host: self.given("db_host").unwrap_or("127.0.0.1").into(),
            port,
            name: required("db_name")?.into(),
            user: required("db_username")?.into(),
            password: Secret::new(self.given("db_password").unwrap_or_default()),
            tls: TlsMode::default(),
        })
    }

    fn given(&self, name: &str) -> Option<&str> {
        let value = self.find(name)?.value.as_str();
        (!value.is_empty()).then_some(value)
    }

    fn find(&self, name: &str) -> Option<&Assignment> {
        self.values.iter().rfind(|assignment| assignment.name == name)
    }

    fn wrong(&self, assignment: &Assignment, right: &'static str) -> SettingsError {
        SettingsError::line(
            &self.path,
            assignment.line,
            Wrong::Value {
                key: assignment.name.clone(),
                value: assignment.value.clone(),
                right,
            },
        )
    }
}

enum Literal {
    /// A text.
    Text(String),
    /// A text that does not end in its line.
    Unclosed,
    /// No text.
    Code,
}

fn literal(value: &str) -> Literal {
    if let Some(inner) = value.strip_prefix("[[") {
        return match inner.split_once("]]") {
            Some((text, _)) => Literal::Text(text.into()),
            None => Literal::Unclosed,
        };
    }
    let Some(quote) = value.chars().next().filter(|first| "'\"".contains(*first)) else {
        return Literal::Code;
    };
    let mut text = String::new();
    let mut characters = value.chars().skip(1).peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if character == quote => return Literal::Text(text),
            '\\' if characters
                .peek()
                .is_some_and(|next| *next == quote || *next == '\\') =>
            {
                text.extend(characters.next());
            }
            other => text.push(other),
        }
    }
    Literal::Unclosed
}
