//! The call's side of a session: queues to and from the task that owns the socket.

use super::link::{self, Link, Told};
use super::{Bounds, Counts, Order, Protocol, Socket};
use crate::engine::{Event, Session};
use audio::SampleRate;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind, TurnId};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How many seconds of the caller's audio wait here at most; the oldest beyond it is dropped and counted.
const WAITING_SECONDS: usize = 2;

/// How much audio goes to the task in one piece at most: 100 ms. [`PIECES`] of them are on their way beyond what waits.
const PIECE_FRAMES: usize = 5;
const PIECES: usize = 2;

/// Orders on their way. A call gives a handful a turn, so a full queue means a server that has long stopped reading.
const ORDERS: usize = 256;

/// Events on their way, so many that five minutes of audio fit in pieces of 20 ms.
const EVENTS: usize = 16 * 1024;

/// Interrupted answers that are remembered while something of them may be queued.
const INTERRUPTED: usize = 8;

/// The rates of a session's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rates {
    /// Of the caller's audio, as the protocol sends it.
    pub(crate) input: SampleRate,
    /// Of the answers' audio.
    pub(crate) output: SampleRate,
}

/// One call's session.
struct RealtimeSession {
    /// The provider, in words for the operator.
    provider: &'static str,
    rates: Rates,
    orders: mpsc::Sender<Order>,
    audio: mpsc::Sender<Vec<i16>>,
    told: mpsc::Receiver<Told>,
    queued: Arc<AtomicU64>,
    waiting: VecDeque<i16>,
    /// A turn that was handed over in one piece is kept whole, however long: so much of it is still here.
    whole: usize,
    dropped: u64,
    /// The last answers that were interrupted: what is still queued of them is not given any more. One before them may
    /// still be playing.
    interrupted: VecDeque<AnswerId>,
    failed: bool,
    /// Ends the task, and with it the socket.
    _end: DropGuard,
}

/// Starts the task of a session on an open socket. `provider` is its name in words for the operator.
pub(crate) fn open(
    provider: &'static str,
    socket: Socket,
    protocol: impl Protocol,
    rates: Rates,
    bounds: Bounds,
    counts: Arc<Counts>,
) -> Box<dyn Session> {
    let (orders, order_queue) = mpsc::channel(ORDERS);
    let (audio, audio_queue) = mpsc::channel(PIECES);
    let (told_queue, told) = mpsc::channel(EVENTS);
    let queued = Arc::new(AtomicU64::new(0));
    let end = CancellationToken::new();
    let link = Link {
        socket,
        protocol,
        orders: order_queue,
        audio: audio_queue,
        told: told_queue,
        queued: queued.clone(),
        hold: rates.output.samples_in(bounds.hold),
        bounds,
        counts,
        end: end.clone(),
    };
    tokio::spawn(link::run(link));
    Box::new(RealtimeSession {
        provider,
        rates,
        orders,
        audio,
        told,
        queued,
        waiting: VecDeque::with_capacity(PIECE_FRAMES * rates.input.frame_samples()),
        whole: 0,
        dropped: 0,
        interrupted: VecDeque::with_capacity(INTERRUPTED),
        failed: false,
        _end: end.drop_guard(),
    })
}

impl RealtimeSession {
    fn pass_audio_on(&mut self) {
        let piece = PIECE_FRAMES * self.rates.input.frame_samples();
        while !self.waiting.is_empty() {
            let Ok(place) = self.audio.try_reserve() else {
                return;
            };
            let length = self.waiting.len().min(piece);
            place.send(self.waiting.drain(..length).collect());
        }
    }

    /// An order that finds its queue full ends the session: the server has long stopped reading.
    fn order(&mut self, order: Order) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.orders.try_send(order) {
            self.told.close();
        }
    }

    fn is_void(&self, told: &Told) -> bool {
        match told {
            Told::Audio { answer, .. } | Told::Event(EngineEvent::AnswerText { answer, .. }) => {
                self.interrupted.contains(answer)
            }
            Told::Usage(_) | Told::Expiring { .. } | Told::Event(_) => false,
        }
    }

    fn event(&mut self, told: Told, pcm: &mut Vec<i16>) -> Event {
        match told {
            Told::Audio { answer, samples } => {
                pcm.extend_from_slice(&samples);
                Event::Audio { answer }
            }
            Told::Usage(usage) => Event::Usage(usage),
            Told::Expiring { within, resume } => Event::Expiring { within, resume },
            Told::Event(event) => {
                self.failed = matches!(event, EngineEvent::Failed { .. });
                Event::Engine(event)
            }
        }
    }

    fn fail(&mut self) -> Event {
        self.failed = true;
        let message = format!(
            "the connection to {} ended because one side did not keep up with the other; a later call may succeed",
            self.provider
        );
        Event::Engine(EngineEvent::Failed {
            kind: FailureKind::Transient,
            message,
        })
    }
}

impl Session for RealtimeSession {
    fn input_rate(&self) -> SampleRate {
        self.rates.input
    }

    fn output_rate(&self) -> SampleRate {
        self.rates.output
    }

    fn hear(&mut self, samples: &[i16]) {
        self.waiting.extend(samples);
        if samples.len() > WAITING_SECONDS * self.rates.input.hz() as usize {
            self.whole = self.waiting.len();
        }
        self.pass_audio_on();
        self.whole = self.whole.min(self.waiting.len());
        let most = self.whole.max(WAITING_SECONDS * self.rates.input.hz() as usize);
        let excess = self.waiting.len().saturating_sub(most);
        self.waiting.drain(..excess);
        self.dropped += excess as u64;
    }

    fn command(&mut self, command: EngineCommand) {
        if let EngineCommand::Interrupt { answer, .. } = &command {
            if self.interrupted.len() == INTERRUPTED {
                self.interrupted.pop_front();
            }
            self.interrupted.push_back(*answer);
        }
        self.order(Order::Command(command));
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.order(Order::Ask { turn, words });
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        if self.failed {
            return Poll::Pending;
        }
        self.pass_audio_on();
        loop {
            let Some(told) = std::task::ready!(self.told.poll_recv(cx)) else {
                return Poll::Ready(self.fail());
            };
            if let Told::Audio { samples, .. } = &told {
                self.queued.fetch_sub(samples.len() as u64, Ordering::Relaxed);
            }
            if self.is_void(&told) {
                continue;
            }
            return Poll::Ready(self.event(told, pcm));
        }
    }

    fn dropped_ms(&self) -> u64 {
        u64::try_from(self.rates.input.duration_of(self.dropped).as_millis()).unwrap_or(u64::MAX)
    }
}
