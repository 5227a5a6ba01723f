//! The calls of this node: who may begin one, who carries one, which are attached, detached or ended.

use axum::extract::ws::WebSocket;
use secretary::{CallUuid, Domain};
use std::net::SocketAddr;
use std::sync::Arc;

/// Which module sends the stream, as its upgrade request tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleBuild {
    /// amigniter/mod_audio_stream: its own client (libwsc), no User-Agent, `Upgrade`/`Connection` in lower case.
    Amigniter,
    /// sptmru/freeswitch_mod_audio_stream: `User-Agent: ixwebsocket/…`.
    Sptmru,
    /// Anything else.
    Other,
}

/// Why a stream is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// Another stream carries this call.
    #[error("call {0} already has a stream that answers; a second one is taken only when the first is gone")]
    Attached(CallUuid),
    /// The domain has its share.
    #[error("domain {name} has {limit} calls, its limit; raise max_calls of the domain")]
    DomainFull {
        /// The domain.
        name: String,
        /// Its limit.
        limit: u32,
    },
    /// The node is full.
    #[error("this node has {0} calls, its limit; raise server.max_calls or add a node")]
    NodeFull(u32),
    /// The node is shutting down.
    #[error("this node is draining and takes no new call")]
    Draining,
}

/// The calls of this node.
#[derive(Clone)]
pub struct Calls {}

/// A place among the calls, held until the stream ends.
pub struct Seat {}

impl Calls {
    /// Takes a place for a stream of this call.
    pub fn admit(&self, domain: &Arc<Domain>, call: CallUuid) -> Result<Seat, AdmitError> {
        let _ = (domain, call);
        unimplemented!()
    }

    /// How many calls live now.
    pub fn live(&self) -> usize {
        unimplemented!()
    }

    /// Takes no new call from now on; returns when the last has ended or `patience` is over (then the rest are ended).
    pub async fn drain(&self, patience: std::time::Duration) {
        let _ = patience;
        unimplemented!()
    }
}

impl Seat {
    /// Carries the call over this stream until one of them ends.
    pub async fn serve(self, socket: WebSocket, peer: SocketAddr, build: ModuleBuild) {
        let _ = (socket, peer, build);
        unimplemented!()
    }
}
