//! What can be wrong with what a tenant configures.

use std::path::PathBuf;

/// What can be wrong with a secretary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretaryError {
    /// A language that no secretary speaks.
    #[error("{0:?} is not a language of a secretary: use pt-BR or en")]
    Language(String),
    /// A file that is no secretary.
    #[error("{file}, line {line}: {problem}{}", remedy.as_ref().map(|r| format!("; {r}")).unwrap_or_default())]
    File {
        /// The file, or the name of the embedded sample.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there, with the value.
        problem: String,
        /// What would be right, where it is known.
        remedy: Option<String>,
    },
}

/// Why no snapshot could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// A secretary's file is wrong.
    #[error(transparent)]
    Secretary(#[from] SecretaryError),
    /// A folder or file cannot be read.
    #[error("{} cannot be read: {reason}; secretaries_dir must name a folder that this user may read", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A folder without a secretary.
    #[error("{} holds no *.toml file; put a secretary there, or leave secretaries_dir out for the samples", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// Two secretaries of one name.
    #[error(
        "{second}: the name {name:?} is taken by {first}; give each secretary of a folder a name of its own"
    )]
    SameName {
        /// The name.
        name: String,
        /// The file that has it already.
        first: String,
        /// The file that wants it too.
        second: String,
    },
    /// Two domains of one UUID.
    #[error("domain {0} is configured twice; each domain may stand once")]
    SameDomain(crate::DomainUuid),
    /// A default secretary that the domain does not have.
    #[error("domain {domain}: there is no secretary {wanted:?}; {remedy}")]
    NoDefault {
        /// The domain's name.
        domain: String,
        /// The secretary that was to be the default.
        wanted: String,
        /// The nearest name, or all names.
        remedy: String,
    },
}
