//! The workers, and the queue before them.

use super::command::WorkerCommand;
use super::frame::{RATE, Utterance};
use super::process::{Outcome, Process};
use super::{SttError, Transcriber};
use futures_util::future::{BoxFuture, try_join_all};
use secretary::Language;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest pause before a worker that keeps failing is started again.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The size of a pool and its patience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSettings {
    /// How many worker processes run. Each holds the model (about 200 MB for Whisper base).
    pub workers: NonZeroUsize,
    /// How many utterances may wait for a worker.
    pub queue: usize,
    /// How long a worker may take to load its model.
    pub start: Duration,
    /// How much longer than its audio an utterance may take.
    pub patience: Duration,
    /// The pause before a start after the second failure in a row; doubled with each further one, to 30 s at most.
    pub backoff: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            workers: NonZeroUsize::MIN,
            queue: 16,
            start: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            backoff: Duration::from_millis(250),
        }
    }
}

/// What a pool is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// Utterances that wait for a worker.
    pub waiting: usize,
    /// Workers at work.
    pub busy: usize,
    /// Workers that were killed or found dead so far.
    pub failures: u64,
}

/// Whisper in worker processes: a [`Transcriber`] that a crash cannot end.
///
/// Workers start with the first utterance or with [`WorkerPool::warm`]. One that crashes or takes too long is killed, and its
/// utterance is tried once more with a new one. After two failures in a row that worker's utterances are refused at once
/// until its pause is over: a call would rather go on by keys than wait. Dropping the pool kills its workers. Its futures
/// need a tokio runtime.
pub struct WorkerPool {
    shared: Arc<Shared>,
    _closing: DropGuard,
}

struct Shared {
    command: WorkerCommand,
    settings: PoolSettings,
    /// One permit for each worker.
    free: Arc<Semaphore>,
    /// The workers that are not at work; never locked across an await.
    seats: Mutex<Vec<Seat>>,
    waiting: AtomicUsize,
    failures: AtomicU64,
    closing: CancellationToken,
}

/// The place of one worker, whether it runs or not.
#[derive(Default)]
struct Seat {
    process: Option<Process>,
    failures_in_row: u32,
    not_before: Option<Instant>,
}

impl WorkerPool {
    /// A pool of workers that are started by `command`. Starts none yet.
    pub fn new(command: WorkerCommand, settings: PoolSettings) -> Self {
        let closing = CancellationToken::new();
        let workers = settings.workers.get();
        let shared = Shared {
            command,
            settings,
            free: Arc::new(Semaphore::new(workers)),
            seats: Mutex::new((0..workers).map(|_| Seat::default()).collect()),
            waiting: AtomicUsize::new(0),
            failures: AtomicU64::new(0),
            closing: closing.clone(),
        };
        Self {
            shared: Arc::new(shared),
            _closing: closing.drop_guard(),
        }
    }

    /// Starts every worker that does not run, and says why if one cannot be started.
    pub async fn warm(&self) -> Result<(), SttError> {
        let starts = (0..self.shared.settings.workers.get()).map(|_| async {
            let _permit = self.shared.permit().await?;
            let mut seat = self.shared.take(|seat| seat.process.is_some());
            let started = seat
                .start(&self.shared)
                .await
                .map(|_| ())
                .map_err(SttError::Worker);
            self.shared.put(seat);
            started
        });
        try_join_all(starts).await.map(|_| ())
    }

    /// What it is doing now.
    pub fn state(&self) -> PoolState {
        PoolState {
            waiting: self.shared.waiting.load(Ordering::Relaxed),
            busy: self.shared.settings.workers.get() - self.shared.free.available_permits(),
            failures: self.shared.failures.load(Ordering::Relaxed),
        }
    }
}

impl Transcriber for WorkerPool {
    fn transcribe(
        &self,
        samples: Arc<[i16]>,
        language: Language,
        hint: &Arc<str>,
    ) -> BoxFuture<'_, Result<String, SttError>> {
        let utterance = Utterance::new(samples, language).about(hint);
        Box::pin(async move {
            let permit = match self.shared.free.clone().try_acquire_owned() {
                Ok(permit) => permit,
                Err(_) => {
                    let _place = Place::take(&self.shared)?;
                    self.shared.permit().await?
                }
            };
            let (answer, result) = oneshot::channel();
            // A task of its own, so that dropping this future leaves the worker in a known state.
            tokio::spawn(self.shared.clone().serve(permit, utterance, answer));
            result
                .await
                .unwrap_or_else(|_| Err(SttError::Worker("its task ended".into())))
        })
    }
}

impl Shared {
    async fn permit(&self) -> Result<OwnedSemaphorePermit, SttError> {
        self.free
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| SttError::Worker("the pool is closed".into()))
    }

    /// The free seat for which `last_choice` is false, if there is one.
    fn take(&self, last_choice: impl Fn(&Seat) -> bool) -> Seat {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let best = seats.iter().position(|seat| !last_choice(seat)).unwrap_or(0);
        // A permit is a seat, unless the task that held it panicked: then a new one is made.
        if seats.is_empty() {
            Seat::default()
        } else {
            seats.swap_remove(best)
        }
    }

    fn put(&self, seat: Seat) {
        self.seats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(seat);
    }

    async fn serve(
        self: Arc<Self>,
        permit: OwnedSemaphorePermit,
        utterance: Utterance,
        mut answer: oneshot::Sender<Result<String, SttError>>,
    ) {
        let mut seat = self.take(|seat| seat.process.is_none());
        let result = tokio::select! {
            () = self.closing.cancelled() => return,
            result = seat.transcribe(&self, &utterance, &mut answer) => result,
        };
        self.put(seat);
        drop(permit);
        if let Some(result) = result {
            // Whoever has gone meanwhile needs no answer.
            let _ = answer.send(result);
        }
    }
}

impl Seat {
    /// The result, or nothing if nobody waits for it any more.
    async fn transcribe(
        &mut self,
        pool: &Shared,
        utterance: &Utterance,
        answer: &mut oneshot::Sender<Result<String, SttError>>,
    ) -> Option<Result<String, SttError>> {
        let length = Duration::from_secs_f64(utterance.samples.len() as f64 / RATE as f64);
        let limit = pool.settings.patience + length;
        let mut reason = String::new();
        for _ in 0..2 {
            let process = match self.start(pool).await {
                Ok(process) => process,
                Err(why) => return Some(Err(SttError::Worker(why))),
            };
            match process.transcribe(utterance, limit, answer).await {
                Ok(outcome) => {
                    self.failures_in_row = 0;
                    return match outcome {
                        Outcome::Text(text) => Some(Ok(text)),
                        Outcome::Refused(why) => Some(Err(SttError::Worker(why))),
                        Outcome::Abandoned => None,
                    };
                }
                Err(why) => {
                    tracing::warn!("a speech-to-text worker failed and is replaced: {why}");
                    reason = why;
                    self.failed(pool);
                }
            }
            if answer.is_closed() {
                return None;
            }
        }
        Some(Err(SttError::Worker(reason)))
    }

    /// The running worker, started if there is none.
    async fn start(&mut self, pool: &Shared) -> Result<&mut Process, String> {
        if self.process.as_mut().is_some_and(|process| !process.is_alive()) {
            // No utterance's fault, so it does not count towards a pause.
            tracing::warn!("a speech-to-text worker died while idle and is replaced");
            pool.failures.fetch_add(1, Ordering::Relaxed);
            self.process = None;
        }
        if self.process.is_none() {
            let pause = self
                .not_before
                .map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
            if !pause.is_zero() {
                return Err(format!(
                    "it failed {} times in a row and is started again in {pause:.1?}",
                    self.failures_in_row
                ));
            }
            match Process::start(&pool.command, pool.settings.start).await {
                Ok(process) => self.process = Some(process),
                Err(why) => {
                    self.failed(pool);
                    return Err(why);
                }
            }
        }
        self.process.as_mut().ok_or_else(|| "it is not running".into())
    }

    /// Kills the worker and counts its failure.
    fn failed(&mut self, pool: &Shared) {
        self.process = None;
        pool.failures.fetch_add(1, Ordering::Relaxed);
        self.failures_in_row = self.failures_in_row.saturating_add(1);
        let doubled = self
            .failures_in_row
            .checked_sub(2)
            .map(|doublings| 1_u32 << doublings.min(16));
        let pause = doubled.map_or(Duration::ZERO, |factor| {
            pool.settings.backoff.saturating_mul(factor)
        });
        self.not_before = Some(Instant::now() + pause.min(MAX_BACKOFF));
    }
}

/// A place in the queue, given up when dropped.
struct Place<'a>(&'a Shared);

impl<'a> Place<'a> {
    fn take(shared: &'a Shared) -> Result<Self, SttError> {
        let limit = shared.settings.queue;
        let add_one = |waiting: usize| (waiting < limit).then_some(waiting + 1);
        match shared
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add_one)
        {
            Ok(_) => Ok(Self(shared)),
            Err(waiting) => Err(SttError::Busy { waiting }),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
