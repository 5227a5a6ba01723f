//! What the stand-ins of realtime speech APIs have in common: a server on this machine, a log of what was said, connections that
//! a state machine without a socket answers, and what can go wrong in all of them.

mod connection;
mod hearing;
mod log;
mod pcm;
mod script;
mod server;

pub(crate) use connection::{Connection, Out, Received, Talk};
pub(crate) use hearing::{Edge, Hearing};
pub use log::{Log, Sent, Side};
pub(crate) use pcm::{bytes_of, pieces, samples_of, tone};
pub(crate) use script::FLOOD;
pub use script::{Answer, Fault, ToolUse};
pub(crate) use server::Server;
