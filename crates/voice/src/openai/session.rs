//! The call's side of a session: queues to and from the task that owns the socket.

use super::connect::Socket;
use super::conversation::Conversation;
use super::socket::{self, Link, Told};
use super::{Config, Counts, RATE, failure};
use crate::engine::{Event, Session, Setup};
use audio::SampleRate;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How much of the caller's audio waits here at most; the oldest beyond it is dropped and counted.
const WAITING: usize = 2 * RATE.hz() as usize;

/// How much audio goes to the task in one piece at most: 100 ms. [`PIECES`] of them are on their way beyond what waits.
const PIECE: usize = 5 * RATE.frame_samples();
const PIECES: usize = 2;

/// Commands on their way. A call gives a handful a turn, so a full queue means a server that has long stopped reading.
const COMMANDS: usize = 256;

/// Events on their way, so many that five minutes of audio fit in pieces of 20 ms.
const EVENTS: usize = 16 * 1024;

/// Interrupted answers that are remembered while something of them may be queued.
const INTERRUPTED: usize = 8;

/// One call's session.
pub(super) struct OpenAiSession {
    commands: mpsc::Sender<EngineCommand>,
    audio: mpsc::Sender<Vec<i16>>,
    told: mpsc::Receiver<Told>,
    queued: Arc<AtomicU64>,
    waiting: VecDeque<i16>,
    dropped: u64,
    /// The last answers that were interrupted: what is still queued of them is not given any more. One before them may
    /// still be playing.
    interrupted: VecDeque<AnswerId>,
    failed: bool,
    /// Ends the task, and with it the socket.
    _end: DropGuard,
}

/// Starts the task of a session on an open socket.
pub(super) fn open(socket: Socket, config: &Config, counts: Arc<Counts>, setup: &Setup) -> OpenAiSession {
    let (commands, command_queue) = mpsc::channel(COMMANDS);
    let (audio, audio_queue) = mpsc::channel(PIECES);
    let (told_queue, told) = mpsc::channel(EVENTS);
    let queued = Arc::new(AtomicU64::new(0));
    let end = CancellationToken::new();
    let link = Link {
        socket,
        conversation: Conversation::new(config.session(setup)),
        commands: command_queue,
        audio: audio_queue,
        told: told_queue,
        queued: queued.clone(),
        hold: RATE.samples_in(config.hold),
        setup_limit: config.connect_timeout,
        silence_limit: config.silence_limit,
        counts,
        end: end.clone(),
    };
    tokio::spawn(socket::run(link));
    OpenAiSession {
        commands,
        audio,
        told,
        queued,
        waiting: VecDeque::with_capacity(PIECE),
        dropped: 0,
        interrupted: VecDeque::with_capacity(INTERRUPTED),
        failed: false,
        _end: end.drop_guard(),
    }
}

impl OpenAiSession {
    fn pass_audio_on(&mut self) {
        while !self.waiting.is_empty() {
            let Ok(place) = self.audio.try_reserve() else {
                return;
            };
            let length = self.waiting.len().min(PIECE);
            place.send(self.waiting.drain(..length).collect());
        }
    }

    fn is_void(&self, told: &Told) -> bool {
        match told {
            Told::Audio { answer, .. } | Told::Event(EngineEvent::AnswerText { answer, .. }) => {
                self.interrupted.contains(answer)
            }
            Told::Usage(_) | Told::Event(_) => false,
        }
    }

    fn event(&mut self, told: Told, pcm: &mut Vec<i16>) -> Event {
        match told {
            Told::Audio { answer, samples } => {
                pcm.extend_from_slice(&samples);
                Event::Audio { answer }
            }
            Told::Usage(usage) => Event::Usage(usage),
            Told::Event(event) => {
                self.failed = matches!(event, EngineEvent::Failed { .. });
                Event::Engine(event)
            }
        }
    }

    fn fail(&mut self) -> Event {
        self.failed = true;
        let what = "the connection to OpenAI ended because one side did not keep up with the other";
        let message = failure::plain(FailureKind::Transient, what);
        Event::Engine(EngineEvent::Failed {
            kind: FailureKind::Transient,
            message,
        })
    }
}

impl Session for OpenAiSession {
    fn input_rate(&self) -> SampleRate {
        RATE
    }

    fn output_rate(&self) -> SampleRate {
        RATE
    }

    fn hear(&mut self, samples: &[i16]) {
        self.waiting.extend(samples);
        self.pass_audio_on();
        let excess = self.waiting.len().saturating_sub(WAITING);
        self.waiting.drain(..excess);
        self.dropped += excess as u64;
    }

    /// A command that finds its queue full ends the session: the server has long stopped reading.
    fn command(&mut self, command: EngineCommand) {
        if let EngineCommand::Interrupt { answer, .. } = &command {
            if self.interrupted.len() == INTERRUPTED {
                self.interrupted.pop_front();
            }
            self.interrupted.push_back(*answer);
        }
        if let Err(mpsc::error::TrySendError::Full(_)) = self.commands.try_send(command) {
            self.told.close();
        }
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
        u64::try_from(RATE.duration_of(self.dropped).as_millis()).unwrap_or(u64::MAX)
    }
}
