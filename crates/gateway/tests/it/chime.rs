//! An engine of the tests' own that says numbers: each sample is another than the one before, so that whoever hears them knows
//! whether one is missing.

use audio::SampleRate;
use call::{AnswerId, By, Capabilities, Cause, EngineCommand, EngineEvent};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;
use voice::{ConnectError, Engine, Event, Session, Setup};

/// The engine. It takes the place of `openai`.
#[derive(Clone)]
pub(crate) struct Chime {
    /// How many chunks of 200 ms its one answer has.
    pub(crate) chunks: usize,
    /// How long it takes for each.
    pub(crate) every: Duration,
    /// Until where the caller had heard it when it was interrupted, in milliseconds.
    interrupted: Arc<Mutex<Option<u64>>>,
    /// What it has heard of the caller.
    heard: Arc<Mutex<Vec<i16>>>,
}

impl Chime {
    pub(crate) fn new(chunks: usize, every: Duration) -> Self {
        Self {
            chunks,
            every,
            interrupted: Arc::default(),
            heard: Arc::default(),
        }
    }

    /// Until where the caller had heard it when it was interrupted, in milliseconds.
    pub(crate) fn interrupted(&self) -> Option<u64> {
        *self.interrupted.lock().unwrap()
    }

    /// What it has heard of the caller.
    pub(crate) fn heard(&self) -> Vec<i16> {
        self.heard.lock().unwrap().clone()
    }
}

/// The samples that it says, from the first on: none is zero.
pub(crate) fn said() -> impl Iterator<Item = i16> {
    (0..).map(|n: u32| (n % 30_000) as i16 + 1)
}

impl Engine for Chime {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Engine,
            interruptions: By::Call,
            verbatim: false,
            truncation: true,
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let session = Ringing {
            chime: self.clone(),
            rate: setup.rate,
            said: Box::new(said()),
            step: Step::Ready,
            left: self.chunks,
            due: Box::pin(tokio::time::sleep(Duration::ZERO)),
        };
        async { Ok(Box::new(session) as Box<dyn Session>) }.boxed()
    }
}

const ANSWER: AnswerId = AnswerId(1);

enum Step {
    Ready,
    Start,
    Chunks,
    Done,
    Silent,
}

struct Ringing {
    chime: Chime,
    rate: SampleRate,
    said: Box<dyn Iterator<Item = i16> + Send>,
    step: Step,
    left: usize,
    due: Pin<Box<tokio::time::Sleep>>,
}

impl Session for Ringing {
    fn input_rate(&self) -> SampleRate {
        self.rate
    }

    fn output_rate(&self) -> SampleRate {
        self.rate
    }

    fn hear(&mut self, samples: &[i16]) {
        self.chime.heard.lock().unwrap().extend_from_slice(samples);
    }

    fn command(&mut self, command: EngineCommand) {
        if let EngineCommand::Interrupt { heard, .. } = command {
            *self.chime.interrupted.lock().unwrap() = Some(heard.0);
            self.step = Step::Silent;
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        let (next, event) = match self.step {
            Step::Ready => (Step::Start, EngineEvent::Ready),
            Step::Start => {
                let started = EngineEvent::AnswerStarted {
                    answer: ANSWER,
                    cause: Cause::Own,
                };
                (Step::Chunks, started)
            }
            Step::Chunks if self.left > 0 => {
                ready!(self.due.as_mut().poll(cx));
                let next = Instant::now() + self.chime.every;
                self.due.as_mut().reset(next);
                self.left -= 1;
                pcm.extend(self.said.by_ref().take(self.rate.hz() as usize / 5));
                return Poll::Ready(Event::Audio { answer: ANSWER });
            }
            Step::Chunks => (Step::Done, EngineEvent::AnswerDone { answer: ANSWER }),
            Step::Done | Step::Silent => return Poll::Pending,
        };
        self.step = next;
        Poll::Ready(Event::Engine(event))
    }
}
