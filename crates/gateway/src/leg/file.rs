//! The `file` leg, for the open audio modules, which drop binary frames: the caller comes by the stream, and what is said goes back as
//! `streamAudio`, which the module writes into a file and FreeSWITCH is asked to play by its event socket.
//!
//! Such an end tells what is heard, and cannot hold: at a pause FreeSWITCH is made to drop what it has, and the playout keeps it.

mod gathering;
mod player;

use super::control::Control;
use super::raw::RawLeg;
use super::socket::Socket;
use super::{Closing, Incoming};
use crate::calls::ModuleBuild;
use crate::config::LegChoice;
use crate::pbx::Line;
use audio::{Playout, SampleRate};
use freeswitch::{FileRate, stream_audio};
use gathering::Gathering;
use player::{Player, Told};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// How far ahead of what is heard frames are taken: a long piece that plays, and one that gathers meanwhile. A break takes all of it
/// back.
const LEAD: Duration = Duration::from_secs(2);

/// The way to the caller's ear by files, where a call goes it.
#[derive(Clone)]
pub(crate) struct ByFiles {
    line: Line,
    rate: FileRate,
}

impl ByFiles {
    /// Whether a call's stream is to be played so: as it is configured, else as the stream itself says, else where its module is one
    /// of those that can do nothing else.
    pub(crate) fn chosen(
        choice: LegChoice,
        asked: Option<&str>,
        build: ModuleBuild,
        line: &Line,
    ) -> Option<Self> {
        let fits = match (choice, asked) {
            (LegChoice::Raw, _) => false,
            (LegChoice::File, _) => true,
            (LegChoice::Auto | LegChoice::Unicast, Some("raw")) => false,
            (LegChoice::Auto | LegChoice::Unicast, Some("file")) => true,
            (LegChoice::Auto | LegChoice::Unicast, _) => {
                matches!(build, ModuleBuild::Amigniter | ModuleBuild::Sptmru)
            }
        };
        // Files of another rate would be converted at each of their ends.
        let rate = FileRate::of(line.channel.rate)?;
        fits.then(|| Self {
            line: line.clone(),
            rate,
        })
    }

    /// The channel's own.
    pub(crate) fn rate(&self) -> SampleRate {
        self.rate.rate()
    }

    /// A playout for such legs.
    pub(crate) fn playout<Id: Copy + Eq + std::fmt::Debug>(&self, hold: Duration) -> Playout<Id> {
        Playout::told(self.rate(), LEAD, hold)
    }
}

/// A WebSocket that carries a call in, and files that carry it out.
pub(crate) struct FileLeg {
    socket: Socket,
    rate: FileRate,
    gathering: Gathering,
    player: Player,
    alarm: Pin<Box<Sleep>>,
}

impl FileLeg {
    pub(crate) fn new(stream: RawLeg, by_files: &ByFiles) -> Self {
        let ByFiles { line, rate } = by_files;
        let (now, packet) = (Instant::now(), line.channel.ptime);
        Self {
            socket: stream.into_socket(),
            rate: *rate,
            gathering: Gathering::new(rate.rate(), packet, now),
            player: Player::new(line.switch.clone(), line.channel.call),
            alarm: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// The next thing that comes; sends on what has gathered meanwhile.
    pub(crate) fn poll_incoming(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Incoming> {
        let mut now = now;
        loop {
            self.send(now);
            if let Poll::Ready(told) = self.player.poll(cx, now) {
                match self.told(told, now) {
                    Some(incoming) => return Poll::Ready(incoming),
                    None => continue,
                }
            }
            if let Poll::Ready(incoming) = self.socket.poll_incoming(cx, now) {
                if let Incoming::Closed(Closing::Lost) = incoming {
                    self.player.abandon();
                }
                return Poll::Ready(incoming);
            }
            let due = self.gathering_due().into_iter().chain(self.player.due()).min();
            let Some(due) = due else { return Poll::Pending };
            self.alarm.as_mut().reset(due.into());
            if self.alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            now = now.max(due);
        }
    }

    fn told(&mut self, told: Told, now: Instant) -> Option<Incoming> {
        match told {
            Told::Ready => None,
            Told::Begins { samples } => {
                let left = self.rate.rate().duration_of(self.player.ahead() as u64);
                self.gathering.lasts(left, now);
                Some(Incoming::Begins { samples })
            }
            Told::Dropped => {
                self.drop_all(now);
                Some(Incoming::Dropped)
            }
            Told::Unstopped => {
                self.socket.close();
                None
            }
        }
    }

    /// Sends a frame of audio, at the channel's rate.
    pub(crate) fn audio(&mut self, samples: &[i16]) {
        self.gathering.push(samples, Instant::now());
    }

    /// What the module would not understand is done here; the rest is told to whoever listens to its events.
    pub(crate) fn control(&mut self, control: &Control<'_>) {
        match control {
            Control::Mark { .. } => self.gathering.ends(),
            Control::Clear | Control::Pause => self.drop_all(Instant::now()),
            Control::Resume => {}
            control => self.socket.control(control),
        }
    }

    /// Asks whether the other end is there.
    pub(crate) fn ping(&mut self) {
        self.socket.ping();
    }

    /// Says that we are there, when that is due. Without control nothing is heard on this leg, and a caller who hears nothing is better
    /// off with the fallback: the script is not asked to keep the call.
    pub(crate) fn vouch(&mut self, now: Instant) {
        self.socket.vouch(true, now);
    }

    /// Messages that the other end was too slow to take.
    pub(crate) fn refused(&self) -> u64 {
        self.socket.refused()
    }

    /// What FreeSWITCH has of it is dropped; whoever carries the call on another stream says what is left.
    pub(crate) fn abandon(&mut self) {
        self.player.abandon();
    }

    /// Has the module end the stream: one whose socket is closed stays attached, dead (amigniter), or connects again at once
    /// (sptmru), and its files stay with it.
    pub(crate) fn close(&mut self) {
        self.player.stop();
    }

    fn drop_all(&mut self, now: Instant) {
        self.gathering.clear(now);
        self.player.clear();
    }

    fn send(&mut self, now: Instant) {
        while self.player.has_control()
            && let Some(piece) = self.gathering.next(now)
        {
            let id = self.player.sends(piece.len(), now);
            match stream_audio(self.rate, id, &piece) {
                Ok(text) => self.socket.text(text),
                Err(error) => tracing::error!(%error, "a piece of audio could not be written"),
            }
        }
    }

    /// Without control nothing can be sent.
    fn gathering_due(&self) -> Option<Instant> {
        self.gathering.due().filter(|_| self.player.has_control())
    }
}
