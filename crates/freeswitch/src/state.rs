//! How a connection is, and why a command came to nothing.

use secretary::CallUuid;
use std::fmt;
use std::time::Duration;

/// How a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The first attempt is under way.
    Connecting,
    /// Commands are taken.
    Up {
        /// What FreeSWITCH says of its version.
        version: String,
    },
    /// FreeSWITCH is there and refuses the password.
    WrongPassword,
    /// FreeSWITCH's access list (`apply-inbound-acl` of event_socket.conf.xml) has us not.
    Refused,
    /// Nothing answers.
    Unreachable {
        /// What the system says.
        reason: String,
    },
    /// It was there, and is lost; another attempt is under way or waited for.
    Lost {
        /// Why.
        reason: String,
    },
}

impl State {
    /// Whether commands are taken.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Up { version } => write!(f, "up: {version}"),
            Self::WrongPassword => {
                f.write_str("it refuses the password: set the one of its event_socket.conf.xml")
            }
            Self::Refused => f.write_str(
                "its access list refuses this machine: add it to apply-inbound-acl of its event_socket.conf.xml",
            ),
            Self::Unreachable { reason } => {
                write!(f, "nothing answers ({reason}): check host and port, and that mod_event_socket is loaded")
            }
            Self::Lost { reason } => write!(f, "connection lost ({reason}), connecting again"),
        }
    }
}

/// Why a command came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The channel is gone, or never was.
    #[error("FreeSWITCH {switch} has no channel {call}")]
    NoSuchChannel {
        /// The FreeSWITCH.
        switch: String,
        /// The channel.
        call: CallUuid,
    },
    /// FreeSWITCH said no.
    #[error("FreeSWITCH {switch} refused `{command}`: {reply}")]
    Failed {
        /// The FreeSWITCH.
        switch: String,
        /// The command's name.
        command: String,
        /// What it said, without `-ERR` in front.
        reply: String,
    },
    /// There is no connection, or it was lost before the answer: whether FreeSWITCH did it is not known then.
    #[error("FreeSWITCH {switch} is not connected ({state}); `voice-ai pbx status` tells what would help")]
    NotConnected {
        /// The FreeSWITCH.
        switch: String,
        /// Its state.
        state: String,
    },
    /// No answer came in time. FreeSWITCH may have done it, or may do it yet.
    #[error("FreeSWITCH {switch} did not answer `{command}` within {limit:?}")]
    TimedOut {
        /// The FreeSWITCH.
        switch: String,
        /// The command's name.
        command: String,
        /// How long it was waited for.
        limit: Duration,
    },
}
