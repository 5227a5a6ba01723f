//! What the realtime speech APIs have in common: a WebSocket with a task of its own that always reads, the queues between that
//! task and the call, and the bounds of both.
//!
//! An adapter is a [`Protocol`]: what the provider sends and the call commands go in, what is to be sent and told comes out,
//! with no socket and no clock in it. It opens the socket by a [`Dialler`] (with its own request and its own words for failures) and
//! hands both to [`open`].

mod dial;
mod door;
mod headstrong;
mod history;
mod instructions;
mod link;
mod outlet;
mod refusal;
mod session;

pub(crate) use dial::{Dialler, Refused, Socket};
pub use door::DoorError;

pub(crate) use door::{Address, Door};
pub(crate) use headstrong::Headstrong;
pub(crate) use history::with_history;
pub(crate) use instructions::instructions;
pub(crate) use outlet::Outlet;
pub(crate) use session::{Rates, open};

use crate::Usage;
use bytes::Bytes;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, TurnId};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// One session's protocol, without its socket.
pub(crate) trait Protocol: Send + 'static {
    /// True once audio and commands may be sent; both wait until then.
    fn is_ready(&self) -> bool;

    /// True once the session has failed: nothing more comes of it.
    fn is_failed(&self) -> bool;

    /// Takes one message of the provider.
    fn receive(&mut self, message: Received<'_>);

    /// Takes one command of the call.
    fn command(&mut self, command: EngineCommand);

    /// See [`crate::Session::ask`].
    fn ask(&mut self, turn: TurnId, words: String);

    /// Sends a piece of the caller's audio, mono at [`Rates::input`], at most 100 ms.
    fn hear(&mut self, samples: &[i16]);

    /// The call does not take this answer's audio as fast as it comes, and what waits has reached its bound: it is to end.
    fn overflow(&mut self, answer: AnswerId);

    /// The provider has closed the connection. The code is 1005 where it gave none.
    fn closed(&mut self, code: u16, reason: &str);

    /// The session is of no more use, for a reason that is not the provider's to tell. Only the first failure is told.
    fn fail(&mut self, kind: FailureKind, what: &str);

    /// Nothing of the protocol's has been sent for [`Bounds::keepalive`]: sends what keeps the session alive, where the provider
    /// wants that.
    fn idle(&mut self) {}

    /// The session has lasted this long. For protocols whose provider ends sessions after a known time.
    fn lasts(&mut self, _so_far: Duration) {}

    /// The next thing to do.
    fn poll_action(&mut self) -> Option<Action>;
}

/// What a session hands to its task.
#[derive(Debug)]
pub(crate) enum Order {
    /// A command of the call.
    Command(EngineCommand),
    /// See [`crate::Session::ask`].
    Ask {
        /// The turn.
        turn: TurnId,
        /// Its words.
        words: String,
    },
}

/// A message of the provider.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Received<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Send this text message.
    Text(Utf8Bytes),
    /// Send this binary message.
    Binary(Bytes),
    /// Tell the call.
    Tell(EngineEvent),
    /// Tell what will be charged.
    Charge(Usage),
    /// Give the call audio of an answer, mono at [`Rates::output`].
    Audio(AnswerId, Vec<i16>),
    /// Tell that the provider will soon end the session.
    Expiring {
        /// How long it still lasts.
        within: Duration,
        /// What opens the next session with this one's memory, where the provider has that.
        resume: Option<String>,
    },
}

/// The bounds of a session.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// How long configuring may take.
    pub(crate) setup: Duration,
    /// How long the provider may send nothing at all, not even the pong to a ping, before it is given up.
    pub(crate) silence: Duration,
    /// After how long without anything sent [`Protocol::idle`] is asked.
    pub(crate) keepalive: Duration,
    /// How much audio of answers may wait for the driver before the answer is cancelled.
    pub(crate) hold: Duration,
}

/// What all sessions of an engine count.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Sessions that have a task and a socket now.
    pub(crate) sessions: AtomicUsize,
    /// Answers that were cancelled because more than [`Bounds::hold`] of their audio waited.
    pub(crate) overflows: AtomicU64,
}
