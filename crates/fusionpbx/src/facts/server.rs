//! The service as it runs.

use crate::Unread;
use secretary::DomainUuid;

/// The service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Whether it runs.
    pub state: ServerState,
    /// Who has the stream port.
    pub port: Option<PortOwner>,
    /// What became of a stream's upgrade, asked for from this machine as a module would.
    pub upgrade: Option<Upgrade>,
    /// Whether its health says that it is connected to this FreeSWITCH.
    pub connected: Option<bool>,
    /// What `/health/ready` complains of, in its own words; what is of FreeSWITCH is told by `connected`.
    pub complaints: Vec<String>,
    /// The domains that it serves; `None` where it does not say.
    pub domains: Option<Vec<DomainUuid>>,
}

/// Whether the service runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// Its health answers, with its version.
    Up(String),
    /// Nothing answers.
    Down(Unread),
    /// Something answers that is not ours.
    Stranger(String),
}

/// The program that has a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortOwner {
    /// Its process.
    pub pid: u32,
    /// Its command's name.
    pub name: String,
}

/// What became of an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upgrade {
    /// It was taken, or refused only because the call that was named is none of FreeSWITCH's: what is to be seen from outside works.
    Works,
    /// It was refused, with the server's words.
    Refused(u16, String),
    /// No connection came about.
    Unreachable(String),
}
