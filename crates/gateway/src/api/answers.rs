//! What the API answers, as JSON.

use secretary::{CallUuid, DomainUuid};
use serde::{Deserialize, Serialize};
use std::fmt;
use store::UnixMs;

/// A call that lives. Nothing of what is said in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveCall {
    /// The channel on the PBX.
    pub uuid: CallUuid,
    /// The tenant's name.
    pub domain: String,
    /// The tenant.
    pub domain_uuid: DomainUuid,
    /// Who answers.
    pub secretary: String,
    /// The engine.
    pub engine: String,
    /// When it began.
    pub since: UnixMs,
    /// The caller's number, as the PBX or the metadata tells it.
    pub caller: Option<String>,
    /// The FreeSWITCH that controls it, by its name in the configuration.
    pub pbx: Option<String>,
    /// What it is doing.
    #[serde(flatten)]
    pub state: CallState,
    /// How its audio travels: `raw`, `file` or `unicast`.
    pub leg: String,
    /// The build of mod_audio_stream that sends it: `amigniter`, `sptmru`, `other`; `core` where there is none.
    pub build: String,
    /// The rate of the caller's audio, in Hz.
    pub rate: u32,
    /// Its channels: `mono`, `mixed` or `stereo`.
    pub mix: String,
    /// The caller's turns so far.
    pub turns: u32,
    /// How often the caller interrupted.
    pub interruptions: u32,
    /// From the caller's last sound to the last answer's first, in milliseconds.
    pub response_ms: Option<u64>,
    /// What has come of the caller, silence counted, in milliseconds. Told each second.
    #[serde(default)]
    pub heard_ms: u64,
    /// What was sent to the caller, in milliseconds. Told each second.
    #[serde(default)]
    pub said_ms: u64,
    /// Audio that was dropped, of both directions, in milliseconds.
    pub dropped_ms: u64,
    /// How often an answer ran dry while it was played.
    pub underruns: u64,
    /// What became of the last transfer that has ended.
    pub last_transfer: Option<EndedTransfer>,
}

/// What a call is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CallState {
    /// The engine is not there yet.
    Opening,
    /// The secretary has the caller.
    Talking,
    /// The caller waits with music.
    OnHold,
    /// The PBX hands it over.
    Transferring {
        /// To whom.
        to: String,
    },
    /// Its stream is lost, and another is waited for.
    Detached,
    /// The last words are said.
    Leaving,
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opening => f.write_str("waits for the engine"),
            Self::Talking => f.write_str("talking"),
            Self::OnHold => f.write_str("on hold"),
            Self::Transferring { to } => write!(f, "transferring to {to}"),
            Self::Detached => f.write_str("stream lost"),
            Self::Leaving => f.write_str("last words"),
        }
    }
}

/// What became of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedTransfer {
    /// The destination's name.
    pub to: String,
    /// The outcome, in the word of metrics and of the store.
    pub outcome: String,
}

/// What an order was taken for. That it was carried out, the call's state tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The call.
    pub uuid: CallUuid,
    /// To whom it goes, by the destination's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// When that destination opens, where it is closed and gets the call all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// What is wrong, with the value.
    pub error: String,
    /// What would be right.
    pub remedy: String,
}

/// A FreeSWITCH of this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PbxStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Where its event socket is, `host:port`.
    pub address: String,
    /// How the connection is.
    pub state: PbxState,
    /// What FreeSWITCH or the system says of it.
    pub detail: String,
    /// What would help, where it is not up.
    pub remedy: Option<String>,
    /// The calls that it has here.
    pub calls: usize,
    /// The builds of mod_audio_stream that send those. Which build is loaded cannot be asked.
    pub builds: Vec<String>,
    /// From a command to its answer, in microseconds.
    pub round_trip_us: Option<u64>,
    /// The modules that matter to us.
    pub modules: Vec<ModuleStatus>,
    /// How often the connection came again since the service began.
    pub reconnects: u64,
    /// Commands that came to nothing since then, but for those to channels that were gone.
    pub failures: u64,
}

/// How the connection to a FreeSWITCH is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PbxState {
    /// The first attempt is under way.
    Connecting,
    /// Commands are taken.
    Up,
    /// The password is wrong.
    WrongPassword,
    /// The access list has us not.
    Refused,
    /// Nothing answers.
    Unreachable,
    /// It was there.
    Lost,
}

/// A module of FreeSWITCH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleStatus {
    /// Its name.
    pub name: String,
    /// Whether it is loaded.
    pub loaded: bool,
    /// What it is needed for.
    pub needed_for: String,
}
