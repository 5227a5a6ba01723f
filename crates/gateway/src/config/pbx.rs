//! The FreeSWITCHes that are controlled, and how the audio of their calls travels.

use super::node::Node;
use super::read::{Read, Reading};
use super::values::parsed;
use super::{Config, PbxConfig};
use freeswitch::{Extension, Music, MusicName, Password, Ports, Settings};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// How the audio of calls on a FreeSWITCH travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegChoice {
    /// Calls that are parked for us by `unicast`; streams as the module can that sends them.
    Auto,
    /// Datagrams to and from FreeSWITCH's core.
    Unicast,
    /// The module writes our audio into files, which are played by ESL.
    File,
    /// The module plays binary frames.
    Raw,
}

impl fmt::Display for LegChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Unicast => "unicast",
            Self::File => "file",
            Self::Raw => "raw",
        })
    }
}

impl Read for LegChoice {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "a way of audio", |text| match text {
            "auto" => Ok(Self::Auto),
            "unicast" => Ok(Self::Unicast),
            "file" => Ok(Self::File),
            "raw" => Ok(Self::Raw),
            _ => Err("use auto, unicast, file or raw"),
        })
    }
}

/// How long a FreeSWITCH that is away is left alone at most. Its callers wait for us no longer than 15 s from the last renewal, which
/// may be 6 s old when it goes.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl PbxConfig {
    /// How its event socket is reached.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            name: self.name.clone(),
            host: self.host.clone(),
            port: self.port,
            password: Password::new(self.password.as_ref().map_or("ClueCon", |secret| secret.expose())),
            patience: Duration::from_secs(2),
            longest_pause: LONGEST_PAUSE,
        }
    }

    /// What a caller hears who waits.
    pub(crate) fn music(&self) -> Music {
        match MusicName::parse(&self.music) {
            Ok(name) => Music::LocalStream(name),
            Err(_) => Music::Silence,
        }
    }
}

impl Config {
    /// FreeSWITCHes that could not be told apart, or that name what could not be dialled, played or listened on.
    pub(super) fn switches(&self, found: &mut Vec<String>) {
        let mut seen = BTreeSet::new();
        for (index, pbx) in self.pbx.iter().enumerate() {
            let key = format!("pbx[{index}]");
            if !seen.insert(pbx.name.as_str()) {
                found.push(format!(
                    "{key}.name: {:?} is configured twice; give each FreeSWITCH its own",
                    pbx.name
                ));
            }
            if !pbx.fallback.is_empty()
                && let Err(error) = Extension::parse(&pbx.fallback)
            {
                found.push(format!("{key}.fallback: {error}"));
            }
            if !pbx.music.is_empty()
                && let Err(error) = MusicName::parse(&pbx.music)
            {
                found.push(format!("{key}.music: {error}"));
            }
            if let Err(error) = Ports::new(pbx.unicast_address, pbx.unicast_port, 0) {
                found.push(format!("{key}.unicast_address: {error}"));
            }
            if !pbx.mailbox_prefix.is_empty()
                && let Err(error) = Extension::parse(&pbx.mailbox_prefix)
            {
                found.push(format!("{key}.mailbox_prefix: {error}"));
            }
        }
    }
}
