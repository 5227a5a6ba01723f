//! Values that go into a command, each parsed once so that it can never end its argument or its line.
//!
//! FreeSWITCH splits a line of `api` at blanks, reads quotes and backslashes, expands `${…}` in dial strings and application data,
//! and ends a message at an empty line (read in its source, 1.10.12). What cannot be quoted for all of that is refused.

use std::fmt;
use std::path::{Path, PathBuf};

/// A value that would break out of a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} cannot be {what}: {rule}")]
pub struct ArgumentError {
    /// What it should have been.
    pub what: &'static str,
    /// The text as given, at most 64 characters of it.
    pub value: String,
    /// What would be right.
    pub rule: &'static str,
}

/// What FreeSWITCH splits a dial string at before it looks for anything else, variables included (`switch_ivr_originate`).
const SEVERAL: &str = ":_:";

pub(crate) fn refuse(what: &'static str, value: &str, rule: &'static str) -> ArgumentError {
    ArgumentError {
        what,
        value: value.chars().take(64).collect(),
        rule,
    }
}

/// What is dialled: an extension, a feature code or a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension(String);

impl Extension {
    /// Parses 1 to 64 of letters, digits and `* # + - _ .`.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "*#+-_.".contains(c);
        // A leading dash would be read as an option (`uuid_transfer <uuid> -bleg …`).
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('-') {
            return Ok(Self(text.to_owned()));
        }
        Err(refuse(
            "dialled",
            text,
            "use 1 to 64 letters, digits or * # + - _ . and no dash in front",
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A dialplan context; on FusionPBX the domain's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextName(String);

impl ContextName {
    /// Parses 1 to 128 of letters, digits and `. - _ @ :`, without `:_:`.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_@:".contains(c);
        let plain = text.chars().all(allowed) && !text.starts_with('-') && !text.contains(SEVERAL);
        if (1..=128).contains(&text.len()) && plain {
            return Ok(Self(text.to_owned()));
        }
        Err(refuse(
            "a dialplan context",
            text,
            "use 1 to 128 letters, digits or . - _ @ : and no dash in front",
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a channel variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName(String);

impl VariableName {
    /// Parses 1 to 64 of letters, digits, `_` and `-`.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(refuse(
            "a variable's name",
            text,
            "use 1 to 64 letters, digits, _ or -",
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of a channel variable, or a caller's name: any text without what FreeSWITCH would read in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableValue(String);

/// The most characters of a value.
const LONGEST_VALUE: usize = 256;

/// What ends a value, or is read as something else, in `{…}` of a dial string, in a line or in an application's data.
fn is_special(c: char) -> bool {
    c.is_control() || "'\"\\${}[]<>,^;|".contains(c)
}

impl VariableValue {
    /// Parses up to 256 characters without control characters and without `' " \ $ { } [ ] < > , ^ ; |`, with no blank around them,
    /// no `:_:` within and no `ARRAY::` in front. `_undef_`, by which FreeSWITCH says that there is none, is no value.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        let short = text.chars().take(LONGEST_VALUE + 1).count() <= LONGEST_VALUE;
        let plain = !text.chars().any(is_special) && text.trim() == text;
        // FreeSWITCH makes a list of what begins with ARRAY:: (`switch_event_base_add_header`).
        let meant = !text.contains(SEVERAL) && !text.starts_with("ARRAY::") && text != "_undef_";
        if short && plain && meant {
            return Ok(Self(text.to_owned()));
        }
        Err(refuse(
            "a variable's value",
            text,
            "use at most 256 characters, no blank around them, no control characters, none of ' \" \\ $ { } [ ] < > , ^ ; | and no :_: \
             or ARRAY::",
        ))
    }

    /// The same text with each character that is not allowed made a blank, cut to what is allowed: for names that people gave.
    pub fn washed(text: &str) -> Self {
        let text: String = text
            .chars()
            .take(LONGEST_VALUE)
            .map(|c| if is_special(c) { ' ' } else { c })
            .collect();
        let text = text.replace(SEVERAL, "   ").replace("ARRAY::", "ARRAY  ");
        let text = text.trim();
        Self(if text == "_undef_" { "" } else { text }.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A file that FreeSWITCH plays or records: an absolute path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(PathBuf);

impl FilePath {
    /// Parses an absolute path of letters, digits and `/ . - _`.
    pub fn parse(path: &Path) -> Result<Self, ArgumentError> {
        let text = path.to_string_lossy();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/.-_".contains(c);
        let upwards = text.split('/').any(|part| part == "..");
        if text.starts_with('/') && text.len() <= 512 && text.chars().all(allowed) && !upwards {
            return Ok(Self(path.to_owned()));
        }
        Err(refuse(
            "a file for FreeSWITCH",
            &text,
            "use an absolute path of at most 512 letters, digits or / . - _ without ..",
        ))
    }

    /// The path.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// The name of a stream of music: on FusionPBX `default`, or `<domain>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MusicName(String);

impl MusicName {
    /// Parses 1 to 128 of letters, digits and `. - _ /`.
    pub fn parse(text: &str) -> Result<Self, ArgumentError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/".contains(c);
        let upwards = text.split('/').any(|part| part.is_empty() || part == "..");
        if (1..=128).contains(&text.len()) && text.chars().all(allowed) && !upwards {
            return Ok(Self(text.to_owned()));
        }
        Err(refuse(
            "a stream of music",
            text,
            "use 1 to 128 letters, digits or . - _ / without ..",
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom a leg is made to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialString {
    /// A registered user of a domain: `user/2001@example.org`. Busy, unregistered and refused are told apart.
    User {
        /// The extension.
        extension: Extension,
        /// The domain's name.
        domain: ContextName,
    },
    /// Whatever the dialplan does with it: `loopback/2001/context/XML`. A caller whom the inline dialplan has brought would pass that on.
    Dialplan {
        /// What is dialled.
        extension: Extension,
        /// In which context.
        context: ContextName,
    },
}

impl fmt::Display for DialString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { extension, domain } => write!(f, "user/{}@{}", extension.as_str(), domain.as_str()),
            Self::Dialplan { extension, context } => {
                write!(f, "loopback/{}/{}/XML", extension.as_str(), context.as_str())
            }
        }
    }
}

macro_rules! shown {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
shown!(Extension ContextName VariableName VariableValue MusicName);
