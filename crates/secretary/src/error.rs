//! What can be wrong with what a tenant configures.

use std::path::PathBuf;

/// A language that no secretary speaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language of a secretary: use pt-BR or en")]
pub struct LanguageError(pub(crate) String);

/// One thing that is wrong in a secretary's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}; {remedy}")]
pub struct Fault {
    /// The file, or the name of the embedded sample.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, with the value.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

/// One reason why no snapshot could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// A secretary's file is wrong.
    #[error(transparent)]
    File(#[from] Fault),
    /// A folder or file cannot be read.
    #[error("{} cannot be read: {reason}; it must be there, readable for this user, and its text UTF-8 of at most 1 MiB", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A folder without a secretary.
    #[error(
        "{} holds no *.toml file; `voice-ai secretaries new` writes one, or leave secretaries.dir out for the samples",
        path.display()
    )]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// Two domains of one UUID.
    #[error("domain {0} is configured twice; each domain may stand once")]
    SameDomain(crate::DomainUuid),
    /// A default secretary that the domain does not have.
    #[error("domain {domain}: there is no secretary {wanted:?}, its default_secretary; {remedy}")]
    NoDefault {
        /// The domain's name.
        domain: String,
        /// The secretary that was to be the default.
        wanted: String,
        /// The nearest name, or all names.
        remedy: String,
    },
}
