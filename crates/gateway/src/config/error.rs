//! What can be wrong with a configuration, each with its place and its remedy.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the file, on this line (from 1).
    File(Arc<str>, usize),
    /// In this variable of the environment.
    Env(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file, line) => write!(f, "{file}, line {line}"),
            Self::Env(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}; name a readable file with --config, or none for the defaults", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{at}: {message}")]
    Syntax {
        /// Where.
        at: Origin,
        /// What the parser says.
        message: String,
    },
    /// There is no such key.
    #[error("{at}: unknown key {key}; {remedy}")]
    UnknownKey {
        /// Where.
        at: Origin,
        /// The key with its section.
        key: String,
        /// The nearest right one, or those there are.
        remedy: String,
    },
    /// The key is right, its value is not.
    #[error("{at}: {key}: {problem}")]
    Value {
        /// Where.
        at: Origin,
        /// The key with its section.
        key: String,
        /// The value and what would be right; never a secret.
        problem: String,
    },
    /// Values that are right by themselves and wrong together.
    #[error("{0}")]
    Rule(String),
}

/// All that is wrong, in the order of the file.
#[derive(Debug)]
pub struct ConfigErrors(pub(super) Vec<ConfigError>);

impl ConfigErrors {
    /// Each by itself; at least one.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
