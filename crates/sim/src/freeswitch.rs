//! A stand-in for FreeSWITCH 1.10.12 as its event socket shows it: channels, applications, `unicast`, playback, schedules.
//!
//! It speaks the text protocol on a port of this machine, in real time, and does what the real one was measured to do, also where
//! that surprises: a playback or a bridge ends `unicast` until the channel is parked anew; a bridge that nobody takes hangs the
//! caller up unless `continue_on_fail` is set; after `uuid_bridge` a channel comes back only with `park_after_bridge`;
//! `endless_playback` goes on after a break and tells no keys.
//!
//! One channel stands for both ends of `loopback` but where an extension has a [`Behaviour::Dialplan`], the dialplan is [`Behaviour`]s, and no codec negotiates.

mod administration;
mod api;
mod applications;
mod bridging;
mod caller;
mod channel;
mod clock;
mod event;
mod exchange;
mod extension;
mod faults;
mod headers;
mod life;
mod listener;
mod listing;
mod loopback;
mod playing;
mod recordings;
mod schedule;
mod sound;
mod stream;
mod subscription;
mod unicast;
mod words;

pub use caller::{Caller, Dial, Dialplan, Place};
pub use extension::Behaviour;
pub use schedule::Task;
pub use sound::{Heard, Source};

use crate::Module;
use audio::SampleRate;
use exchange::Exchange;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How a fake is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The password of the event socket.
    pub password: String,
    /// Whether the access list has whoever connects.
    pub allowed: bool,
    /// The build of mod_audio_stream that is loaded.
    pub stream: Option<Module>,
    /// Other modules that `module_exists` is to know.
    pub modules: Vec<String>,
    /// Where the audio module writes what it was sent.
    pub temp_dir: PathBuf,
    /// Whether everything is sent byte by byte.
    pub dribbles: bool,
}

impl Default for Setup {
    /// As delivered: password `ClueCon`, anybody may connect, no audio module.
    fn default() -> Self {
        Self {
            password: "ClueCon".to_owned(),
            allowed: true,
            stream: None,
            modules: Vec::new(),
            temp_dir: std::env::temp_dir(),
            dribbles: false,
        }
    }
}

/// The codec of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    /// `PCMU`, `PCMA`, `L16`, …
    pub name: String,
    /// The rate of the sound inside FreeSWITCH.
    pub rate: SampleRate,
    /// The length of a packet.
    pub ptime: Duration,
}

impl Default for Codec {
    /// µ-law at 8 kHz in packets of 20 ms.
    fn default() -> Self {
        Self {
            name: "PCMU".to_owned(),
            rate: SampleRate::HZ_8000,
            ptime: Duration::from_millis(20),
        }
    }
}

impl Codec {
    fn bit_rate(&self) -> u32 {
        match self.name.as_str() {
            "PCMU" | "PCMA" | "G722" => 64000,
            _ => self.rate.hz() * 16,
        }
    }
}

/// So many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A running fake. Dropping it ends it, its connections and its channels' tasks.
pub struct FreeSwitch {
    exchange: Arc<Exchange>,
    address: SocketAddr,
    /// Keeps the port while nobody listens: else any connection of this machine could get it meanwhile.
    _place: TcpSocket,
    /// The socket that listens; none while stopped.
    listening: std::sync::Mutex<Option<DropGuard>>,
    frozen: watch::Sender<bool>,
    _life: DropGuard,
}

impl FreeSwitch {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let exchange = Arc::new(Exchange::new(setup));
        let place = reusable((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = place.local_addr()?;
        let listener = reusable(address)?.listen(BACKLOG)?;
        exchange.spawn(Arc::clone(&exchange.clock).run());
        let fake = Self {
            _life: exchange.life.clone().drop_guard(),
            exchange,
            address,
            _place: place,
            listening: std::sync::Mutex::new(None),
            frozen: watch::Sender::new(false),
        };
        fake.listen(listener);
        Ok(fake)
    }

    fn listen(&self, listener: TcpListener) {
        let end = self.exchange.life.child_token();
        let (exchange, frozen) = (Arc::clone(&self.exchange), self.frozen.subscribe());
        tokio::spawn(accept(exchange, listener, frozen, end.clone()));
        *self.guard() = Some(end.drop_guard());
    }

    fn guard(&self) -> std::sync::MutexGuard<'_, Option<DropGuard>> {
        self.listening
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Where its event socket is.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Ends the event socket and its connections; the channels live on.
    pub fn stop(&self) {
        *self.guard() = None;
        self.cut();
    }

    /// Listens again, at the same address.
    ///
    /// # Errors
    ///
    /// When the machine refuses the socket.
    pub async fn restart(&self) -> io::Result<()> {
        let listener = reusable(self.address)?.listen(BACKLOG)?;
        self.listen(listener);
        Ok(())
    }

    /// Drops the connections, without a word.
    pub fn cut(&self) {
        for listener in &self.exchange.inner().listeners {
            listener.end.cancel();
        }
    }

    /// Nothing is read and nothing is answered any more, until [`FreeSwitch::thaw`].
    pub fn freeze(&self) {
        self.frozen.send_replace(true);
    }

    /// What was frozen goes on.
    pub fn thaw(&self) {
        self.frozen.send_replace(false);
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.exchange.inner().listeners.len()
    }

    /// Puts something behind a number.
    pub fn extension(&self, number: &str, behaviour: Behaviour) {
        let mut inner = self.exchange.inner();
        inner.extensions.insert(number.to_owned(), behaviour);
    }

    /// Somebody calls.
    pub fn caller(&self, dial: Dial) -> Caller {
        let channel = self.exchange.dial(dial);
        Caller::new(Arc::clone(&self.exchange), channel)
    }

    /// Whoever has this channel; none when it is gone.
    pub fn channel(&self, uuid: &str) -> Option<Caller> {
        let channel = self.exchange.channel(uuid)?;
        Some(Caller::new(Arc::clone(&self.exchange), channel))
    }

    /// The channels that were made by calling this extension and live, oldest first.
    pub fn called(&self, extension: &str) -> Vec<Caller> {
        let mut channels: Vec<_> = self.exchange.inner().channels.values().cloned().collect();
        channels.sort_by_key(|channel| channel.number);
        channels
            .into_iter()
            .filter(|channel| channel.direction == channel::Direction::Outbound)
            .filter(|channel| channel.state().profile.destination == extension)
            .map(|channel| Caller::new(Arc::clone(&self.exchange), channel))
            .collect()
    }

    /// How many channels live.
    pub fn channels(&self) -> usize {
        self.exchange.inner().channels.len()
    }

    /// Everything that was received, packet by packet, as it came.
    pub fn commands(&self) -> Vec<String> {
        self.exchange.received.borrow().clone()
    }

    /// Waits until what was received is as wanted. Never returns if it does not become so: put a limit around it.
    pub async fn until_received(&self, wanted: impl FnMut(&Vec<String>) -> bool) -> Vec<String> {
        let mut received = self.exchange.received.subscribe();
        match received.wait_for(wanted).await {
            Ok(received) => received.clone(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether the process has come to its end by a module's fault.
    pub fn crashed(&self) -> bool {
        *self.exchange.crashed.borrow()
    }

    /// The tasks of `sched_api` that wait.
    pub fn tasks(&self) -> Vec<Task> {
        self.exchange.inner().tasks.list()
    }

    /// Gives a command, as `fs_cli` would.
    pub async fn api(&self, line: &str) -> String {
        self.exchange.api(line).await
    }

    /// The next command of this name (`uuid_transfer`, …, or `sendmsg`) is answered so instead of being obeyed.
    pub fn refuse_next(&self, command: &str, reply: &str) {
        let mut inner = self.exchange.inner();
        inner.faults.refusals.push((command.to_owned(), reply.to_owned()));
    }

    /// Each packet from now on waits so long before it is obeyed.
    pub fn delay_replies(&self, delay: Duration) {
        self.exchange.inner().faults.delay = delay;
    }

    /// The next results of `bgapi` are told when so many are there, the last one first.
    pub fn reverse_jobs(&self, count: usize) {
        self.exchange.inner().faults.jobs_kept = count;
    }

    /// From now on `originate` looks up so long whom to call before there is a channel, as with a directory that is far away.
    pub fn slow_directory(&self, takes: Duration) {
        self.exchange.inner().faults.directory = takes;
    }

    /// The next event of this name (`CHANNEL_BRIDGE`, …) is told to nobody, as one is whose listener's queue is full.
    pub fn lose_next_event(&self, name: &str) {
        self.exchange.inner().faults.lost_events.push(name.to_owned());
    }

    /// The second of the next two that `uuid_bridge` is to join hangs up after its +OK, before they talk.
    pub fn leaves_before_joined(&self) {
        self.exchange.inner().faults.leaves_before_joined = true;
    }

    /// From now on the audio module's streams are connected before they are attached to their channels, and their metadata is lost, as
    /// it is with amigniter ec2a781 when the server is that fast (its source).
    pub fn lose_metadata(&self) {
        self.exchange.inner().faults.loses_metadata = true;
    }

    /// Whether everything is sent byte by byte from now on, on the present connections.
    pub fn dribble(&self, dribbles: bool) {
        for listener in &self.exchange.inner().listeners {
            listener.dribbles.store(dribbles, Ordering::Relaxed);
        }
    }

    /// Sends bytes as they are, on the present connections.
    pub fn send_raw(&self, bytes: &[u8]) {
        for listener in &self.exchange.inner().listeners {
            listener.send(bytes.to_vec());
        }
    }
}

/// A socket at an address that others of ours may have, too, as long as but one listens.
fn reusable(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(
    exchange: Arc<Exchange>,
    listener: TcpListener,
    frozen: watch::Receiver<bool>,
    end: CancellationToken,
) {
    loop {
        let accepted: io::Result<(TcpStream, _)> = tokio::select! {
            () = end.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        exchange.spawn(listener::serve(Arc::clone(&exchange), stream, frozen.clone()));
    }
}
