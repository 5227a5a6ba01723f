//! The `raw` leg: L16 little-endian in binary frames both ways, control as JSON text (docs/protocol.md).

use super::Incoming;
use super::control::Control;
use super::socket::Socket;
use axum::extract::ws::WebSocket;
use bytes::BytesMut;
use std::task::{Context, Poll};
use std::time::Instant;

/// A WebSocket that carries a call both ways.
pub(crate) struct RawLeg {
    socket: Socket,
    /// Outgoing frames are cut from this one buffer, which is used again when the socket has copied them.
    wire: BytesMut,
}

impl RawLeg {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self {
            socket: Socket::new(socket),
            wire: BytesMut::new(),
        }
    }

    /// Its socket, for a leg that plays in another way.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    /// The next thing that comes; sends on what is buffered meanwhile.
    pub(crate) fn poll_incoming(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Incoming> {
        self.socket.poll_incoming(cx, now)
    }

    /// Sends a frame of audio.
    pub(crate) fn audio(&mut self, samples: &[i16]) {
        self.wire.reserve(samples.len() * 2);
        for sample in samples {
            self.wire.extend_from_slice(&sample.to_le_bytes());
        }
        self.socket.audio(self.wire.split().freeze());
    }

    /// Sends a text frame. Orders wait for a slow other end, whatever is only told does not.
    pub(crate) fn control(&mut self, control: &Control<'_>) {
        self.socket.control(control);
    }

    /// Asks whether the other end is there.
    pub(crate) fn ping(&mut self) {
        self.socket.ping();
    }

    /// Says that we are there, when that is due.
    pub(crate) fn vouch(&mut self, control: bool, now: Instant) {
        self.socket.vouch(control, now);
    }

    /// Messages that the other end was too slow to take.
    pub(crate) fn refused(&self) -> u64 {
        self.socket.refused()
    }

    /// Says good-bye. The other end's answer comes as [`Incoming::Closed`].
    pub(crate) fn close(&mut self) {
        self.socket.close();
    }
}

#[cfg(test)]
mod tests;
