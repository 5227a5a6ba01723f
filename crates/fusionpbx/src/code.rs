//! The checks by their codes. What each means, in both languages, is in `explain.rs`; docs/doctor.md is made of that.

use serde::{Serialize, Serializer};
use std::fmt;

/// The checks in the order in which a call flows through what they look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The machine.
    System,
    /// FreeSWITCH and its event socket.
    Switch,
    /// The dialplan of FusionPBX.
    Dialplan,
    /// What FusionPBX keeps of the dialplan beside its database.
    Cache,
    /// `voice_secretary.lua`.
    Script,
    /// mod_audio_stream, and mod_lua.
    Module,
    /// The service `voice-ai-realtime`.
    Server,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal in $group:ident,)+) => {
        /// A check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// All of them, in the order in which they are told.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// As it is written: `DP-03`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it looks at.
            pub const fn group(self) -> Group {
                match self { $(Self::$name => Group::$group,)+ }
            }
        }
    };
}

codes! {
    /// No FusionPBX was found, or its configuration is unreadable.
    FusionPbxMissing = "SY-01" in System,
    /// PostgreSQL refuses, or is not there.
    DatabaseRefused = "SY-02" in System,
    /// The database password holds a sign that pages and calls read differently, such as `=`: pages work, calls do not.
    PasswordCut = "SY-03" in System,
    /// The disk is full, or nearly.
    DiskFull = "SY-04" in System,
    /// The clocks of this machine, of the database and of FreeSWITCH differ.
    ClockOff = "SY-05" in System,
    /// The service may open too few files.
    FileLimit = "SY-06" in System,
    /// Calls read another `config.conf` than the pages.
    SecondConfig = "SY-07" in System,

    /// FreeSWITCH does not run.
    SwitchNotRunning = "SW-01" in Switch,
    /// Nothing answers at the event socket's address.
    EslUnreachable = "SW-02" in Switch,
    /// The event socket refuses the password.
    EslWrongPassword = "SW-03" in Switch,
    /// The event socket's access list refuses us.
    EslAclRefused = "SW-04" in Switch,
    /// The event socket has the password that everybody knows.
    EslDefaultPassword = "SW-05" in Switch,
    /// The event socket listens on a public address.
    EslPublicAddress = "SW-06" in Switch,
    /// FreeSWITCH runs as another user than its files belong to.
    SwitchUser = "SW-07" in Switch,

    /// A domain with secretaries has no dialplan row for any.
    DialplanMissing = "DP-01" in Dialplan,
    /// The row is switched off.
    DialplanDisabled = "DP-02" in Dialplan,
    /// `audio_stream`, an API, is used as an application.
    DialplanAudioStream = "DP-03" in Dialplan,
    /// The row's context is not its domain's.
    DialplanContext = "DP-04" in Dialplan,
    /// The row's domain is not its context's.
    DialplanDomain = "DP-05" in Dialplan,
    /// An earlier row takes the call.
    DialplanShadowed = "DP-06" in Dialplan,
    /// An application that FreeSWITCH does not have.
    DialplanUnknownApplication = "DP-07" in Dialplan,
    /// `dialplan_xml` is NULL or empty.
    DialplanXmlNull = "DP-08" in Dialplan,
    /// `dialplan_xml` is not well formed.
    DialplanXmlMalformed = "DP-09" in Dialplan,
    /// The row has no details: the editor would save it empty.
    DialplanDetailsMissing = "DP-10" in Dialplan,
    /// The details mean something else than the XML.
    DialplanDetailsDiffer = "DP-11" in Dialplan,
    /// `continue` is true: later rows take the call too.
    DialplanContinue = "DP-12" in Dialplan,
    /// `hostname` is empty and not NULL.
    DialplanHostname = "DP-13" in Dialplan,
    /// `app_uuid` is NULL: the list page drops the row.
    DialplanAppUuid = "DP-14" in Dialplan,
    /// A variable that the call needs is not set.
    DialplanVariableMissing = "DP-15" in Dialplan,
    /// A variable names no secretary, or another domain's.
    DialplanVariableWrong = "DP-16" in Dialplan,
    /// Another row of the same context, or a global one, is not well formed and breaks all.
    DialplanNeighbourMalformed = "DP-17" in Dialplan,
    /// A DID's row is not bound to a destination in single mode.
    DidUnbound = "DP-18" in Dialplan,

    /// A cache file says something else than the database.
    CacheStale = "CA-01" in Cache,
    /// Lua and PHP keep the cache in different places.
    CacheDiffers = "CA-02" in Cache,
    /// FreeSWITCH's user cannot write the cache.
    CacheNotWritable = "CA-03" in Cache,
    /// memcached is configured and not reached.
    MemcachedUnreachable = "CA-04" in Cache,

    /// The script is not there.
    ScriptMissing = "SC-01" in Script,
    /// FreeSWITCH's user cannot read the script.
    ScriptUnreadable = "SC-02" in Script,
    /// The script is of another version of ours.
    ScriptOld = "SC-03" in Script,
    /// The script was changed by hand.
    ScriptEdited = "SC-04" in Script,
    /// A mix type that no module takes, such as `both`.
    ScriptMix = "SC-05" in Script,
    /// `mixed` or `stereo` where FreeSWITCH writes no silence: no audio flows while nobody speaks.
    ScriptSilence = "SC-06" in Script,
    /// A rate that is none of the module's.
    ScriptRate = "SC-07" in Script,
    /// A path that the server does not have, such as `/ws/`, or one with the secretary in it.
    ScriptPath = "SC-08" in Script,
    /// A host or port where the server is not.
    ScriptAddress = "SC-09" in Script,
    /// The script does not show the token that the service wants.
    ScriptToken = "SC-10" in Script,

    /// The module's file is missing.
    ModuleFileMissing = "MO-01" in Module,
    /// The module is not loaded.
    ModuleNotLoaded = "MO-02" in Module,
    /// The module is not loaded at the start of FreeSWITCH.
    ModuleNoAutoload = "MO-03" in Module,
    /// The module's line is in the generated file only, and goes with the next upgrade.
    ModuleGeneratedOnly = "MO-04" in Module,
    /// The module needs symbols that this FreeSWITCH has not.
    ModuleUndefinedSymbols = "MO-05" in Module,
    /// The module was built for another FreeSWITCH.
    ModuleWrongVersion = "MO-06" in Module,
    /// A build that a server's message can crash.
    ModuleDangerousBuild = "MO-07" in Module,
    /// `wss://` is wanted and the build has no TLS.
    ModuleNoTls = "MO-08" in Module,
    /// mod_lua is not loaded, and the script needs it.
    ModuleLua = "MO-09" in Module,
    /// The build plays nothing of what the leg sends: `raw`, and an open build.
    ModuleNoPlayback = "MO-10" in Module,

    /// The service does not run.
    ServerNotRunning = "SV-01" in Server,
    /// Another program has the service's port.
    ServerPortTaken = "SV-02" in Server,
    /// The service is not reached from FreeSWITCH's side.
    ServerUnreachable = "SV-03" in Server,
    /// The service refuses an upgrade.
    ServerUpgradeRefused = "SV-04" in Server,
    /// An engine's key is missing or refused.
    ServerEngineKey = "SV-05" in Server,
    /// Models of the local engine are missing.
    ServerModels = "SV-06" in Server,
    /// The service is not connected to this FreeSWITCH, or does not know the domain.
    ServerNotConnected = "SV-07" in Server,
    /// The service's configuration, or a secretary's file, is wrong.
    ServerConfig = "SV-08" in Server,
}

impl Code {
    /// Reads it as people write it: `DP-03`, `dp-3`, `DP03`.
    pub fn parse(text: &str) -> Option<Self> {
        let wanted = plain(text)?;
        Self::ALL
            .iter()
            .copied()
            .find(|code| plain(code.as_str()).as_ref() == Some(&wanted))
    }
}

/// The letters and the number of a code.
fn plain(text: &str) -> Option<(String, u32)> {
    let text = text.trim();
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = text.split_at(digits);
    let letters = letters.trim_end_matches(['-', ' ', '_']).to_ascii_uppercase();
    Some((letters, number.parse().ok()?))
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_read_as_people_write_them() {
        let texts: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for text in ["DP-03", "dp-3", "DP03", " dp_03 "] {
            assert_eq!(Code::parse(text), Some(Code::DialplanAudioStream), "{text:?}");
        }
        for text in ["", "DP", "3", "DP-99", "XX-01"] {
            assert_eq!(Code::parse(text), None, "{text:?}");
        }
    }
}
