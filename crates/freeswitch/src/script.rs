//! The Lua script that hands calls over from FreeSWITCH's side, as it is installed there.

use std::fmt;

/// The file's name in FreeSWITCH's folder of scripts.
pub const SCRIPT_NAME: &str = "voice_secretary.lua";

/// The script of this version of voice-ai.
pub const SCRIPT: &str = include_str!("../../../freeswitch/voice_secretary.lua");

/// The version of a script: rises with each change of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScriptVersion(u32);

impl ScriptVersion {
    /// What stands in front of the version, on a line of its own.
    const MARK: &'static str = "-- voice-ai script version: ";

    /// The version that a script's text tells; none for one that is not of voice-ai, as the published one was.
    pub fn of(script: &str) -> Option<Self> {
        script
            .lines()
            .find_map(|line| line.strip_prefix(Self::MARK))
            .and_then(|version| version.trim().parse().ok())
            .map(Self)
    }
}

impl fmt::Display for ScriptVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
