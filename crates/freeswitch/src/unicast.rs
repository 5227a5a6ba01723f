//! The audio of a parked channel by `unicast`: datagrams between FreeSWITCH's core and us, without any module.
//!
//! Read in FreeSWITCH 1.10.12 (`switch_ivr.c`: `switch_ivr_activate_unicast`, `switch_ivr_park`) and measured there:
//!
//! - Park reads the channel once a packet time and sends what it has read as L16 little-endian at the channel's rate, one packet a
//!   datagram (PCMU, PCMA, G.722 and L16, 10 to 40 ms). Where nothing came from the phone, even while the phone holds the call, it
//!   sends samples of -1: datagrams stop only while the channel executes something else than park, and when it is gone.
//! - A thread of the channel writes each datagram that it gets to the phone, from whomever it comes: the first after a pause within
//!   0.4 ms, those that come too early one a packet time (the rest waits in the socket, which holds about 170). A datagram of another
//!   length than a packet is cut and joined, or leaves as a longer packet, as the codec goes; an empty one ends the thread.
//! - Nothing is sent to the phone while we send nothing. With `send_silence_when_idle` park writes silence all the time, between our
//!   packets too: it must not be set.
//! - `sendmsg` answers `+OK` even when the port cannot be bound. That datagrams come is the only proof.
//! - A second `unicast` in the same park changes nothing, and its port stays bound until FreeSWITCH ends. [`Command::Park`] ends a park
//!   with its `unicast`, as a playback and a bridge end it too, and begins another after about 20 ms; what is asked of the channel before that is lost.
//! - Only IPv4 is served.

#[cfg(doc)]
use crate::Command;
use crate::UnicastTo;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket as Probe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::net::UdpSocket;

/// The longest datagram: 40 ms at 48 kHz are 3840 bytes.
const LONGEST: usize = 8 * 1024;
/// So many strangers' datagrams are read past at once.
const STRANGERS_AT_ONCE: usize = 64;

/// The pairs of ports of a node: of each the first is ours, the second FreeSWITCH's. Clones share them.
#[derive(Debug, Clone)]
pub struct Ports {
    ours: Ipv4Addr,
    free: Arc<Mutex<VecDeque<u16>>>,
}

/// Why no pair of ports could be had.
#[derive(Debug, thiserror::Error)]
pub enum PortsError {
    /// FreeSWITCH serves `unicast` by IPv4 alone.
    #[error("{0} is no IPv4 address, and FreeSWITCH's unicast knows no other: set unicast_address to one")]
    NotV4(IpAddr),
    /// Every pair is in use, by our calls or by other programs.
    #[error(
        "none of the ports for unicast on {address} is free; set unicast_port to the first of {wanted} that nothing else uses"
    )]
    NoneFree {
        /// Our address.
        address: Ipv4Addr,
        /// How many ports were looked at.
        wanted: usize,
    },
    /// The address cannot be bound at all.
    #[error(
        "cannot receive on {address}: {source}; unicast_address must be an address of this machine that FreeSWITCH reaches"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl Ports {
    /// `pairs` pairs from `first` on, as far as there are ports.
    pub fn new(address: IpAddr, first: u16, pairs: u32) -> Result<Self, PortsError> {
        let IpAddr::V4(ours) = address else {
            return Err(PortsError::NotV4(address));
        };
        let pairs = usize::try_from(pairs).unwrap_or(usize::MAX);
        // The last pair begins at 65534: each has two ports.
        let free = (first..u16::MAX).step_by(2).take(pairs).collect();
        let free = Arc::new(Mutex::new(free));
        Ok(Self { ours, free })
    }

    /// Our address.
    pub fn address(&self) -> Ipv4Addr {
        self.ours
    }

    /// How many pairs no call has.
    pub fn free(&self) -> usize {
        self.queue().len()
    }

    /// Takes the pair that has been free for longest, so that what is late of a former call finds nobody. `theirs` is
    /// FreeSWITCH's own address. Call it in a tokio runtime.
    pub fn open(&self, theirs: Ipv4Addr) -> Result<Unicast, PortsError> {
        let tries = self.free();
        for _ in 0..tries {
            let Some(port) = self.queue().pop_front() else {
                break;
            };
            let pair = Pair {
                port,
                free: self.free.clone(),
            };
            match self.bind(&pair, theirs) {
                Ok(socket) => return Ok(Unicast::new(socket, pair, self.ours, theirs)),
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                Err(source) => {
                    let address = SocketAddr::from((self.ours, port));
                    return Err(PortsError::Bind { address, source });
                }
            }
        }
        Err(PortsError::NoneFree {
            address: self.ours,
            wanted: tries * 2,
        })
    }

    fn bind(&self, pair: &Pair, theirs: Ipv4Addr) -> io::Result<UdpSocket> {
        let socket = Probe::bind((self.ours, pair.port))?;
        socket.set_nonblocking(true)?;
        // On the same machine FreeSWITCH's port can be tried. It tells nobody when it could not bind it.
        if theirs == self.ours {
            drop(Probe::bind((theirs, pair.port + 1))?);
        }
        UdpSocket::from_std(socket)
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<u16>> {
        locked(&self.free)
    }
}

fn locked(free: &Mutex<VecDeque<u16>>) -> MutexGuard<'_, VecDeque<u16>> {
    // Nothing under this lock can panic half-way through a change.
    free.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pair of ports, given back when it is dropped.
#[derive(Debug)]
struct Pair {
    port: u16,
    free: Arc<Mutex<VecDeque<u16>>>,
}

impl Drop for Pair {
    fn drop(&mut self) {
        locked(&self.free).push_back(self.port);
    }
}

/// Our end of a channel's audio. Nothing here waits.
#[derive(Debug)]
pub struct Unicast {
    socket: UdpSocket,
    to: UnicastTo,
    buffer: BytesMut,
    strangers: u64,
    unsent: u64,
    // After the socket: a pair is free when its port is.
    _pair: Pair,
}

impl Unicast {
    fn new(socket: UdpSocket, pair: Pair, ours: Ipv4Addr, theirs: Ipv4Addr) -> Self {
        let to = UnicastTo {
            local: (theirs, pair.port + 1).into(),
            remote: (ours, pair.port).into(),
        };
        Self {
            socket,
            to,
            buffer: BytesMut::new(),
            strangers: 0,
            unsent: 0,
            _pair: pair,
        }
    }

    /// What FreeSWITCH is to be told.
    pub fn to(&self) -> UnicastTo {
        self.to
    }

    /// The next datagram of FreeSWITCH's: a packet of the caller's. One from anywhere else is dropped and counted.
    pub fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        for _ in 0..STRANGERS_AT_ONCE {
            self.buffer.clear();
            self.buffer.reserve(LONGEST);
            match self.socket.try_recv_buf_from(&mut self.buffer) {
                Ok((_, from)) if from == self.to.local => {
                    return Poll::Ready(Ok(self.buffer.split().freeze()));
                }
                Ok(_) => self.strangers += 1,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ready!(self.socket.poll_recv_ready(cx))?
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        // Whoever floods us must not keep the rest of the call waiting.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Sends a packet on its way to the phone. What the system does not take now is lost and counted, as on any line. Empty
    /// ones are not sent: they would end FreeSWITCH's reading.
    pub fn send(&mut self, packet: &[u8]) {
        if packet.is_empty() {
            return;
        }
        if self.socket.try_send_to(packet, self.to.local).is_err() {
            self.unsent += 1;
        }
    }

    /// Datagrams that came from somebody else.
    pub fn strangers(&self) -> u64 {
        self.strangers
    }

    /// Packets that could not be sent.
    pub fn unsent(&self) -> u64 {
        self.unsent
    }
}
