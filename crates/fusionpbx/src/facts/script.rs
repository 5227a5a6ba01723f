//! The Lua script as it is installed.

use crate::{Owner, Unread};
use std::path::PathBuf;

/// A file as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// What is in it.
    pub text: String,
    /// Its permissions, as of chmod.
    pub mode: u32,
    /// Its owner.
    pub owner: Owner,
}

/// The script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptFacts {
    /// Where FreeSWITCH looks for it.
    pub path: PathBuf,
    /// The file, where there is one.
    pub file: Option<FileFacts>,
    /// Whether FreeSWITCH's user can read it, every folder on the way counted; `None` where its user is not known.
    pub readable: Option<bool>,
    /// The token that it shows.
    pub token: Result<ShownToken, Unread>,
}

/// The token that streams show: in a file beside the script, for FreeSWITCH's user alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShownToken {
    /// The file, where there is one.
    pub file: Option<FileFacts>,
    /// As of the script.
    pub readable: Option<bool>,
}
