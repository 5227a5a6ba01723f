//! The `unicast` leg: datagrams to and from FreeSWITCH's core, which needs no module. Control of the call is the PBX's: what a leg is
//! told besides audio means nothing here but where audio ends.

use super::control::Control;
use super::{Closing, Incoming};
use crate::switches::{Controlled, Heard, Mute};
use audio::SampleRate;
use freeswitch::{Channel, Unicast};
use secretary::CallUuid;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// Packets may leave so much before the phone is due to play them: a busy machine wakes us late, and FreeSWITCH sends on the ticks of
/// a timer of its own. It is also what the caller still hears after a stop.
const AHEAD: Duration = Duration::from_millis(10);
/// Packets of silence after the last of speech: a phone that suddenly gets nothing makes up more of what it heard last.
const TAIL: u8 = 3;
/// How often a phone to which nothing is said gets a packet of silence, so that nobody on the way takes the call for dead. Not more
/// often: FreeSWITCH sends one packet a tick, and speech that comes right behind silence waits for the next.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// No channel has longer packets.
const LONGEST_PACKET: Duration = Duration::from_millis(120);

/// A pair of ports that carries a call.
pub(crate) struct UnicastLeg {
    controlled: Arc<Controlled>,
    call: CallUuid,
    /// Where the caller was taken up.
    taken_up: Arc<Channel>,
    audio: Audio,
    packet: Duration,
    packet_bytes: usize,
    /// What is to be sent and makes no whole packet yet.
    wire: Vec<u8>,
    /// Until when what was sent lasts.
    covered: Instant,
    last_sent: Instant,
    flow: Flow,
    /// Packets of ports that were given back.
    refused: u64,
}

/// What the phone is being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Speech, and more of it comes.
    Speech,
    /// Speech has ended, or is held; so many packets of silence are due at once.
    Rest { tail: u8 },
}

/// Where the call's audio is.
enum Audio {
    Open(Unicast),
    /// It was to be opened again, which waits until the caller is back.
    Aside,
    /// It is being opened again.
    Opening(AbortOnDropHandle<Result<Unicast, Mute>>),
    /// It is over.
    Closed(Closing),
}

impl UnicastLeg {
    pub(crate) fn new(unicast: Unicast, channel: &Channel, controlled: Arc<Controlled>) -> Self {
        let packet = packet(channel);
        let packet_bytes = channel.rate.samples_in(packet) as usize * 2;
        let now = Instant::now();
        Self {
            controlled,
            call: channel.call,
            taken_up: Arc::new(channel.clone()),
            audio: Audio::Open(unicast),
            packet,
            packet_bytes,
            wire: Vec::with_capacity(packet_bytes + channel.rate.frame_samples() * 2),
            covered: now,
            last_sent: now,
            flow: Flow::Rest { tail: 0 },
            refused: 0,
        }
    }

    /// How far ahead of what is heard frames are taken: whole packets of them, and what may leave early.
    pub(crate) fn lead(&self) -> Duration {
        let frame = SampleRate::HZ_8000.duration_of(SampleRate::HZ_8000.frame_samples() as u64);
        let frames = self.packet.as_millis().div_ceil(frame.as_millis()).max(1);
        frame * frames as u32 + AHEAD
    }

    /// The next packet of the caller's.
    pub(crate) fn poll_incoming(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Incoming> {
        if let Audio::Opening(opening) = &mut self.audio {
            let opened = ready!(Pin::new(opening).poll(cx));
            self.audio = self.opened(opened);
        }
        let unicast = match &mut self.audio {
            Audio::Open(unicast) => unicast,
            Audio::Aside | Audio::Opening(_) => return Poll::Pending,
            Audio::Closed(closing) => return Poll::Ready(Incoming::Closed(*closing)),
        };
        match ready!(unicast.poll_receive(cx)) {
            Ok(bytes) => {
                self.fill(now);
                Poll::Ready(Incoming::Audio(bytes))
            }
            Err(error) => {
                tracing::warn!(call = %self.call, %error, "the call's port can no longer be read");
                self.end(Closing::Lost);
                Poll::Ready(Incoming::Closed(Closing::Lost))
            }
        }
    }

    /// FreeSWITCH has ended the audio to let the caller hear somebody else, or music of ours, and the caller is back: it is opened
    /// again, whatever was being opened before.
    pub(crate) fn open_again(&mut self) {
        self.open(Heard::Ours);
    }

    /// Nothing comes, and nobody has said why: it is opened again. One that is being opened goes on, until it is or cannot be.
    pub(crate) fn ask_again(&mut self) {
        if let Audio::Open(_) = self.audio {
            self.open(Heard::Theirs);
        }
    }

    /// Somebody else is to be heard, or music: what is being opened would cut that off.
    pub(crate) fn step_aside(&mut self) {
        if let Audio::Opening(_) = self.audio {
            self.audio = Audio::Aside;
        }
    }

    /// Whether the caller hears what is sent. (After the end nobody does, and the call is about to know.)
    pub(crate) const fn takes_audio(&self) -> bool {
        match self.audio {
            Audio::Open(_) | Audio::Closed(_) => true,
            Audio::Aside | Audio::Opening(_) => false,
        }
    }

    fn open(&mut self, heard: Heard) {
        if let Audio::Closed(_) = self.audio {
            return;
        }
        self.end(Closing::Lost);
        let (controlled, taken_up) = (self.controlled.clone(), self.taken_up.clone());
        let opening = tokio::spawn(async move { controlled.open_again(&taken_up, heard).await });
        self.audio = Audio::Opening(AbortOnDropHandle::new(opening));
    }

    fn opened(&self, opened: Result<Result<Unicast, Mute>, tokio::task::JoinError>) -> Audio {
        match opened {
            Ok(Ok(unicast)) => {
                tracing::debug!(call = %self.call, to = ?unicast.to(), "the caller is heard again");
                Audio::Open(unicast)
            }
            Ok(Err(Mute::HandedOver)) => {
                tracing::info!(call = %self.call, "somebody else on the PBX has taken the caller, who is handed over");
                Audio::Closed(Closing::HandedOver)
            }
            Ok(Err(error)) => {
                tracing::warn!(call = %self.call, %error, "the caller cannot be heard again");
                Audio::Closed(Closing::Lost)
            }
            Err(_) => Audio::Closed(Closing::Lost),
        }
    }

    /// Sends what makes whole packets; the rest waits for more.
    pub(crate) fn audio(&mut self, samples: &[i16]) {
        let now = Instant::now();
        self.wire
            .extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        while self.wire.len() >= self.packet_bytes {
            self.send_packet(now);
        }
        self.flow = Flow::Speech;
    }

    /// Nothing is told by datagrams. An utterance that ends sends its last samples; one that is dropped does not.
    pub(crate) fn control(&mut self, control: &Control<'_>) {
        match control {
            Control::Mark { .. } => self.send_rest(Instant::now()),
            Control::Clear => self.wire.clear(),
            Control::Pause => {}
            _ => return,
        }
        if self.flow == Flow::Speech {
            self.flow = Flow::Rest { tail: TAIL };
        }
    }

    /// Packets that could not be sent.
    pub(crate) fn refused(&self) -> u64 {
        match &self.audio {
            Audio::Open(unicast) => self.refused + unicast.unsent(),
            Audio::Aside | Audio::Opening(_) | Audio::Closed(_) => self.refused,
        }
    }

    /// Ends it here; there is nobody to say good-bye to.
    pub(crate) fn close(&mut self) {
        self.end(Closing::Normal);
    }

    /// Gives the ports back.
    fn end(&mut self, closing: Closing) {
        self.wire.clear();
        if let Audio::Open(unicast) = std::mem::replace(&mut self.audio, Audio::Closed(closing)) {
            self.refused += unicast.unsent();
            if unicast.strangers() > 0 {
                tracing::warn!(call = %self.call, port = %unicast.to().remote, datagrams = unicast.strangers(),
                    "somebody else than FreeSWITCH sent to a call's port; unicast belongs on loopback or a private network");
            }
        }
    }

    /// Sends what the phone needs between speech and speech. The caller's own packets set the pace: there are none while FreeSWITCH
    /// plays music to the caller or has handed the call over.
    fn fill(&mut self, now: Instant) {
        let wanted_from = match self.flow {
            // More may come until the last moment.
            Flow::Speech => self.covered,
            Flow::Rest { .. } => self.covered - self.packet,
        };
        if now < wanted_from {
            return;
        }
        if !self.wire.is_empty() {
            return self.send_rest(now);
        }
        self.flow = match self.flow {
            Flow::Speech => Flow::Rest { tail: TAIL - 1 },
            Flow::Rest { tail: 0 } if self.shows_life(now) => return,
            Flow::Rest { tail } => Flow::Rest {
                tail: tail.saturating_sub(1),
            },
        };
        self.wire.resize(self.packet_bytes, 0);
        self.send_packet(now);
    }

    /// Whether the phone was sent something not long ago.
    fn shows_life(&self, now: Instant) -> bool {
        now.duration_since(self.last_sent) < SIGN_OF_LIFE
    }

    fn send_rest(&mut self, now: Instant) {
        if !self.wire.is_empty() {
            self.wire.resize(self.packet_bytes, 0);
            self.send_packet(now);
        }
    }

    fn send_packet(&mut self, now: Instant) {
        if let Audio::Open(unicast) = &mut self.audio {
            unicast.send(&self.wire[..self.packet_bytes]);
        }
        self.wire.drain(..self.packet_bytes);
        self.covered = self.covered.max(now) + self.packet;
        self.last_sent = now;
    }
}

/// The length of the channel's packets; 20 ms where FreeSWITCH says what cannot be.
fn packet(channel: &Channel) -> Duration {
    if channel.ptime.is_zero() || channel.ptime > LONGEST_PACKET {
        return Duration::from_millis(20);
    }
    channel.ptime
}
