//! `unicast`: a channel's sound as datagrams, as park serves it.
//!
//! FreeSWITCH sends what the caller says while park has nothing else to do, and plays what comes. A playback or a bridge shuts
//! it down, and the same park never opens it again, whatever is asked (measured): the channel must be parked anew.

use super::channel::{Channel, Message};
use super::exchange::Exchange;
use super::sound::Source;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The largest datagram that FreeSWITCH takes (SWITCH_RECOMMENDED_BUFFER_SIZE).
const LARGEST: usize = 8192;

/// An open pair of addresses. Dropping it closes it.
pub(super) struct Unicast {
    socket: Arc<UdpSocket>,
    remote: SocketAddr,
    _reader: DropGuard,
}

impl Unicast {
    /// Opens what a message asks for. What park plays from it is heard at the channel.
    fn open(channel: &Arc<Channel>, message: &Message) -> io::Result<Self> {
        let end = |ip: &str, port: &str, default: &str| -> io::Result<SocketAddr> {
            let ip = message.header(ip).unwrap_or("127.0.0.1");
            let port = message.header(port).unwrap_or(default);
            format!("{ip}:{port}").parse().map_err(io::Error::other)
        };
        let local = end("local-ip", "local-port", "8025")?;
        let remote = end("remote-ip", "remote-port", "8026")?;
        let socket = std::net::UdpSocket::bind(local)?;
        socket.set_nonblocking(true)?;
        let socket = Arc::new(UdpSocket::from_std(socket)?);
        let end = CancellationToken::new();
        tokio::spawn(play(Arc::clone(&socket), Arc::downgrade(channel), end.clone()));
        Ok(Self {
            socket,
            remote,
            _reader: end.drop_guard(),
        })
    }

    /// Sends a frame of what the caller says. A full buffer loses it, as with any datagram.
    pub(super) fn send(&self, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let _ = self.socket.try_send_to(&bytes, self.remote);
    }
}

async fn play(socket: Arc<UdpSocket>, channel: std::sync::Weak<Channel>, end: CancellationToken) {
    let mut bytes = vec![0; LARGEST];
    loop {
        let received = tokio::select! {
            () = end.cancelled() => return,
            received = socket.recv(&mut bytes) => received,
        };
        // An error is what the other side's absence makes of a datagram sent before; FreeSWITCH's own thread ends there.
        let Ok(length @ 1..) = received else { continue };
        let Some(channel) = channel.upgrade() else { return };
        let samples = bytes[..length]
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        channel.sound().hear(samples, Source::Unicast);
    }
}

impl Exchange {
    /// Obeys `call-command: unicast`.
    pub(super) fn unicast(self: &Arc<Self>, channel: &Arc<Channel>, message: &Message) {
        if channel.state().unicast_spent {
            return;
        }
        // A port that is taken is logged by FreeSWITCH and told to nobody.
        let Ok(unicast) = Unicast::open(channel, message) else {
            return;
        };
        channel.state().unicast = Some(unicast);
        self.clock.serve(channel);
    }

    /// What a playback, a bridge and the end of park do to it.
    pub(super) fn end_unicast(channel: &Channel) {
        let mut state = channel.state();
        if state.unicast.take().is_some() {
            state.unicast_spent = true;
        }
    }
}
