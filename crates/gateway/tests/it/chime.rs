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
use std::time::{Duration, Instant};
use voice::{ConnectError, Engine, Event, Session, Setup};

/// What happened to it in the last of its calls.
#[derive(Debug, Default)]
struct Seen {
    /// When its first chunk was taken.
    began: Option<Instant>,
    /// When it was interrupted, and until where the caller had heard it then, in milliseconds.
    interrupted: Option<(Instant, u64)>,
    /// What it has heard of the caller.
    heard: Vec<i16>,
}

/// The engine. It takes the place of `openai`.
#[derive(Clone)]
pub(crate) struct Chime {
    /// How many chunks of 200 ms its one answer has.
    pub(crate) chunks: usize,
    /// How long it takes for each.
    pub(crate) every: Duration,
    seen: Arc<Mutex<Seen>>,
}

impl Chime {
    pub(crate) fn new(chunks: usize, every: Duration) -> Self {
        Self {
            chunks,
            every,
            seen: Arc::default(),
        }
    }

    /// When its first chunk was taken.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.seen.lock().unwrap().began
    }

    /// When it was interrupted, and until where the caller had heard it then, in milliseconds.
    pub(crate) fn interrupted(&self) -> Option<(Instant, u64)> {
        self.seen.lock().unwrap().interrupted
    }

    /// What it has heard of the caller.
    pub(crate) fn heard(&self) -> Vec<i16> {
        self.seen.lock().unwrap().heard.clone()
    }
}

/// The first of the samples that it says.
pub(crate) const FIRST: i16 = 5_000;

/// The samples that it says: each loud enough to be heard, and another than those near it.
pub(crate) fn said() -> impl Iterator<Item = i16> {
    (0..).map(|n: u32| (n % 20_000) as i16 + FIRST)
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
        *self.seen.lock().unwrap() = Seen::default();
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
        self.chime.seen.lock().unwrap().heard.extend_from_slice(samples);
    }

    fn command(&mut self, command: EngineCommand) {
        if let EngineCommand::Interrupt { heard, .. } = command {
            self.chime.seen.lock().unwrap().interrupted = Some((Instant::now(), heard.0));
            self.step = Step::Silent;
        }
    }
    fn ask(&mut self, _turn: call::TurnId, _words: String) {}

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
                self.due
                    .as_mut()
                    .reset((Instant::now() + self.chime.every).into());
                self.left -= 1;
                self.chime
                    .seen
                    .lock()
                    .unwrap()
                    .began
                    .get_or_insert_with(Instant::now);
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
