//! mod_audio_stream as it is installed.

use crate::FileFacts;
use std::path::PathBuf;

/// The module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFacts {
    /// Where FreeSWITCH looks for it.
    pub path: PathBuf,
    /// Whether there is a file.
    pub present: bool,
    /// Which build the file is.
    pub build: Option<ModuleBuild>,
    /// Whether the file has TLS linked in; `None` where it cannot be told.
    pub tls: Option<bool>,
    /// Whether modules.conf.xml loads it at the start.
    pub in_file: bool,
    /// modules.conf.xml, where it can be read.
    pub conf: Option<(PathBuf, FileFacts)>,
    /// The last lines of FreeSWITCH's log that tell of loading it, newest last; empty where the log is not to be read.
    pub log: Vec<String>,
}

/// A build that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleBuild {
    /// github.com/amigniter/mod_audio_stream.
    Amigniter,
    /// github.com/sptmru/freeswitch_mod_audio_stream, which a server's message can crash.
    Sptmru,
    /// 1.0.3, closed, ten calls at once without a licence.
    Closed,
    /// None of these.
    Unknown,
}
