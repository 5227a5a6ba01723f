//! What can go wrong with a model.

use std::io;
use std::path::{Path, PathBuf};

/// Why a model is not there.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No such name.
    #[error("{name:?} is no model; there are {known}")]
    Unknown {
        /// The name as given.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// It needs no installation.
    #[error("{0} is part of the program and needs no installation")]
    Embedded(&'static str),
    /// A file or folder.
    #[error("{path}: {what} failed: {source}{}", remedy(source))]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No answer, or one that broke off.
    #[error(
        "{url}: {reason}; check the network and HTTPS_PROXY, and run the command again: it goes on where it stopped"
    )]
    Network {
        /// What was asked for, without credentials.
        url: String,
        /// What happened.
        reason: String,
    },
    /// A text that is no address.
    #[error("{url:?} is no address of a file or an index ({reason}); it looks like https://host/path")]
    Url {
        /// The text, without credentials.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The registry does not have the file.
    #[error(
        "{index} has no file {file} of the project {project}; --index-url names another registry, --from local files"
    )]
    NotInIndex {
        /// The registry.
        index: String,
        /// The project.
        project: &'static str,
        /// The file.
        file: &'static str,
    },
    /// More bytes than the file has.
    #[error("{url}: more than the {expected} bytes that were expected")]
    TooLong {
        /// The address.
        url: String,
        /// The size it should have.
        expected: u64,
    },
    /// A file that is not what it should be.
    #[error("{file} is refused: its SHA-256 is {found}, not {expected}")]
    WrongHash {
        /// The file.
        file: String,
        /// The hash that it should have.
        expected: String,
        /// The hash that it has.
        found: String,
    },
    /// A text that is no hash.
    #[error("{0:?} is no SHA-256: 64 hexadecimal digits are needed")]
    Hash(String),
    /// The given paths do not hold what is needed.
    #[error("{paths} has neither {file} nor the packages that it is made from ({packages})")]
    NotInPaths {
        /// The paths given.
        paths: String,
        /// The model's file.
        file: &'static str,
        /// The packages' files.
        packages: String,
    },
    /// A URL gives one file.
    #[error(
        "{model} has {files} files and cannot come from one URL; give the folder of its files with --from"
    )]
    ManyFiles {
        /// The model.
        model: &'static str,
        /// How many files it has.
        files: usize,
    },
    /// A package that is not built as it should be.
    #[error("{path} cannot be converted: {reason}")]
    Package {
        /// The package.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// There is no home folder to put models into.
    #[error(
        "there is no folder for models: neither VOICE_AI__MODELS__DIR nor XDG_DATA_HOME nor HOME is set; name one with --dir"
    )]
    NoFolder,
}

impl ModelError {
    /// For `map_err`: what was tried with which file.
    pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { what, path, source }
    }

    /// For `map_err`: what is wrong with a package.
    pub(super) fn package<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |reason| Self::Package {
            path,
            reason: reason.to_string(),
        }
    }
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; the disk is full: free some space, or name another folder with --dir"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; the folder cannot be written: run the command as its owner, or name another with --dir"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::NotFound => "; name an existing place",
        _ => "",
    }
}
