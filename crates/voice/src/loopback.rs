//! An engine that gives the caller his own voice back: for trials and for measuring the gateway alone.

use crate::engine::{ConnectError, Engine, Event, Session, Setup};
use audio::SampleRate;
use call::{AnswerId, By, Capabilities, Cause, EngineCommand, EngineEvent, TurnId};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How much of the caller's audio waits for the driver at most; the oldest beyond it is dropped and counted.
const HOLD: Duration = Duration::from_millis(500);

/// The engine. Its one answer never ends, it interrupts nothing and ends no turn, so a call through it shows what the
/// gateway itself costs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loopback;

impl Engine for Loopback {
    fn name(&self) -> &str {
        "loopback"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Engine,
            interruptions: By::Engine,
            verbatim: false,
            truncation: false,
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let session: Box<dyn Session> = Box::new(Echo::new(setup.rate));
        ready(Ok(session)).boxed()
    }
}

/// One call's echo, at the leg's own rate in both directions.
struct Echo {
    rate: SampleRate,
    waiting: Vec<i16>,
    dropped: u64,
    answer: AnswerId,
    stage: Stage,
    waker: Option<Waker>,
}

/// What the echo has told of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing yet.
    Opened,
    /// That it is ready; its next audio begins an answer.
    Silent,
    /// That an answer has begun.
    Answering,
    /// An answer was stopped, and its end is still to be told.
    Stopped,
}

impl Echo {
    fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            waiting: Vec::with_capacity(held_samples(rate)),
            dropped: 0,
            answer: AnswerId(0),
            stage: Stage::Opened,
            waker: None,
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn start(&mut self) -> Event {
        self.stage = Stage::Answering;
        self.answer = self.answer.next();
        Event::Engine(EngineEvent::AnswerStarted {
            answer: self.answer,
            cause: Cause::Own,
        })
    }

    fn give(&mut self, pcm: &mut Vec<i16>) -> Event {
        pcm.append(&mut self.waiting);
        Event::Audio { answer: self.answer }
    }
}

fn held_samples(rate: SampleRate) -> usize {
    rate.frame_samples() * (HOLD.as_millis() / 20) as usize
}

impl Session for Echo {
    fn input_rate(&self) -> SampleRate {
        self.rate
    }

    fn output_rate(&self) -> SampleRate {
        self.rate
    }

    fn hear(&mut self, samples: &[i16]) {
        let hold = held_samples(self.rate);
        let newest = &samples[samples.len().saturating_sub(hold)..];
        let excess = (self.waiting.len() + newest.len()).saturating_sub(hold);
        self.waiting.drain(..excess);
        self.waiting.extend_from_slice(newest);
        self.dropped += (samples.len() - newest.len() + excess) as u64;
        self.wake();
    }

    /// Takes only an interruption of the answer that it is giving: what is heard after it belongs to a new one.
    fn command(&mut self, command: EngineCommand) {
        if command_stops(&command, self.answer) && self.stage == Stage::Answering {
            self.waiting.clear();
            self.stage = Stage::Stopped;
            self.wake();
        }
    }
    /// An echo answers no words.
    fn ask(&mut self, _turn: TurnId, _words: String) {}

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        match self.stage {
            Stage::Opened => {
                self.stage = Stage::Silent;
                Poll::Ready(Event::Engine(EngineEvent::Ready))
            }
            Stage::Stopped => {
                self.stage = Stage::Silent;
                Poll::Ready(Event::Engine(EngineEvent::AnswerDone { answer: self.answer }))
            }
            Stage::Silent if !self.waiting.is_empty() => Poll::Ready(self.start()),
            Stage::Answering if !self.waiting.is_empty() => Poll::Ready(self.give(pcm)),
            Stage::Silent | Stage::Answering => {
                match &mut self.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => self.waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    fn dropped_ms(&self) -> u64 {
        u64::try_from(self.rate.duration_of(self.dropped).as_millis()).unwrap_or(u64::MAX)
    }
}

fn command_stops(command: &EngineCommand, current: AnswerId) -> bool {
    matches!(command, EngineCommand::Interrupt { answer, .. } if *answer == current)
}
