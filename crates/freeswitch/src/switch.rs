//! A supervised connection to one FreeSWITCH.

use crate::{Application, Channel, Command, Happening, Settings, UnicastTo};
use secretary::CallUuid;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// A supervised connection. Clones share it; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Switch(Arc<Inner>);

struct Inner {
    settings: Settings,
    state: watch::Receiver<State>,
}

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
        /// What it said.
        reply: String,
    },
    /// There is no connection.
    #[error("FreeSWITCH {switch} is not connected ({state}); `voice-ai pbx status` tells what would help")]
    NotConnected {
        /// The FreeSWITCH.
        switch: String,
        /// Its state.
        state: String,
    },
    /// No answer came in time.
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

impl Switch {
    /// Begins to connect, in the present tokio runtime. Channels that the dialplan has parked for us come by the receiver: at once
    /// when they are parked, and after each connect those that wait already (a gateway that was away finds its callers again).
    pub fn connect(settings: Settings) -> (Self, mpsc::Receiver<Channel>) {
        let (_, arrivals) = mpsc::channel(64);
        let (_, state) = watch::channel(State::Connecting);
        (Self(Arc::new(Inner { settings, state })), arrivals)
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// How the connection is.
    pub fn state(&self) -> State {
        self.0.state.borrow().clone()
    }

    /// Tells of each change of state.
    pub fn states(&self) -> watch::Receiver<State> {
        self.0.state.clone()
    }

    /// Gives a command and waits for its answer, without the `+OK` in front.
    pub async fn command(&self, command: Command) -> Result<String, CommandError> {
        Err(self.not_connected(&command))
    }

    /// Asks a channel to execute an application. The id comes back in [`Happening::Began`] and [`Happening::Ended`].
    pub async fn execute(&self, call: CallUuid, application: Application) -> Result<Uuid, CommandError> {
        let _ = (call, application);
        Err(self.not_connected(&Command::Exists(call)))
    }

    /// Has a parked channel send its audio to `to.remote` and play what comes to `to.local`.
    pub async fn unicast(&self, call: CallUuid, to: UnicastTo) -> Result<(), CommandError> {
        let _ = to;
        Err(self.not_connected(&Command::Exists(call)))
    }

    /// What FreeSWITCH says of a channel; none if it has no such one.
    pub async fn channel(&self, call: CallUuid) -> Result<Option<Channel>, CommandError> {
        Err(self.not_connected(&Command::Dump(call)))
    }

    /// Tells from now on what happens to a channel. Nothing is told of one that is gone already: ask [`Switch::channel`] after this.
    pub fn follow(&self, call: CallUuid) -> Following {
        let (_, happenings) = mpsc::channel(256);
        Following { call, happenings }
    }

    fn not_connected(&self, _: &Command) -> CommandError {
        CommandError::NotConnected {
            switch: self.name().to_owned(),
            state: format!("{:?}", self.state()),
        }
    }
}

/// What happens to one channel. Dropping it ends the following.
pub struct Following {
    call: CallUuid,
    happenings: mpsc::Receiver<Happening>,
}

impl Following {
    /// Whose happenings they are.
    pub fn call(&self) -> CallUuid {
        self.call
    }

    /// The next one; none after [`Happening::HungUp`].
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Happening>> {
        self.happenings.poll_recv(cx)
    }

    /// The next one; none after [`Happening::HungUp`].
    pub async fn next(&mut self) -> Option<Happening> {
        self.happenings.recv().await
    }
}
