//! The worker's side: what `voice-ai stt-worker` runs.
//!
//! One thread reads requests, so that a cancel is noticed during the work; the caller's thread works. Nothing that a
//! caller said is ever written to standard error: the server logs what it finds there.

use super::frame::{FrameError, Reply, Request, Utterance, VERSION, payload_len};
use super::whisper::{LoadError, Whisper};
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// Finds words, in the worker's process.
pub trait Recognizer {
    /// The words of an utterance. `cancelled` is asked now and then; once it is true the result is of no interest.
    /// The error is for the operator and holds none of the words.
    fn recognize(&mut self, utterance: &Utterance, cancelled: Cancelled) -> Result<String, String>;
}

/// Whether an utterance is still wanted.
#[derive(Debug, Clone)]
pub struct Cancelled {
    id: u64,
    /// The highest id that is not wanted any more; ids rise.
    up_to: Arc<AtomicU64>,
}

impl Cancelled {
    /// For work that nobody can cancel.
    pub fn never() -> Self {
        Self {
            id: u64::MAX,
            up_to: Arc::default(),
        }
    }

    /// True once nobody waits for it.
    pub fn get(&self) -> bool {
        self.up_to.load(Ordering::Relaxed) >= self.id
    }
}

/// Why a worker ended.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The model.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The parent went away in the middle, or its pipes broke.
    #[error("the server's pipe broke: {0}")]
    Pipe(#[from] io::Error),
    /// The parent is no server of this version.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Loads a Whisper model (ggml) and serves until the input ends.
pub fn run(
    input: impl Read + Send + 'static,
    output: impl Write,
    model: &Path,
    threads: NonZeroUsize,
) -> Result<(), WorkerError> {
    let started = Instant::now();
    serve(input, output, Whisper::load(model, threads)?, started)
}

/// Serves until the input ends. Loading is counted from `started`.
pub fn serve(
    input: impl Read + Send + 'static,
    mut output: impl Write,
    mut recognizer: impl Recognizer,
    started: Instant,
) -> Result<(), WorkerError> {
    let up_to = Arc::new(AtomicU64::new(0));
    // The pool sends the next utterance only after the answer to the last.
    let (sender, jobs) = sync_channel(1);
    let reader = {
        let up_to = up_to.clone();
        std::thread::Builder::new()
            .name("stt-input".into())
            .spawn(move || read(input, &sender, &up_to))?
    };
    send(
        &mut output,
        &Reply::Ready {
            version: VERSION,
            millis: millis(started),
        },
    )?;
    work(&jobs, &mut output, &mut recognizer, &up_to)?;
    // The queue ends when the reader does, so this does not wait.
    reader
        .join()
        .unwrap_or_else(|_| Err(WorkerError::Pipe(io::Error::other("its reader panicked"))))
}

fn work(
    jobs: &Receiver<(u64, Utterance)>,
    output: &mut impl Write,
    recognizer: &mut impl Recognizer,
    up_to: &Arc<AtomicU64>,
) -> io::Result<()> {
    while let Ok((id, utterance)) = jobs.recv() {
        let started = Instant::now();
        let result = recognizer.recognize(
            &utterance,
            Cancelled {
                id,
                up_to: up_to.clone(),
            },
        );
        let millis = millis(started);
        let reply = match result {
            Ok(text) => Reply::Text { id, millis, text },
            Err(reason) => Reply::Failed { id, millis, reason },
        };
        send(output, &reply)?;
    }
    Ok(())
}

fn read(
    mut input: impl Read,
    jobs: &SyncSender<(u64, Utterance)>,
    up_to: &AtomicU64,
) -> Result<(), WorkerError> {
    let mut payload = Vec::new();
    let ended = loop {
        match next(&mut input, &mut payload) {
            Ok(Some(Request::Cancel { id })) => up_to.store(id, Ordering::Relaxed),
            Ok(Some(Request::Transcribe { id, utterance })) => {
                if jobs.send((id, utterance)).is_err() {
                    break Ok(());
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // The server is gone: what is under way is for nobody.
    up_to.store(u64::MAX, Ordering::Relaxed);
    ended
}

/// The next request; nothing at the end of the input.
fn next(input: &mut impl Read, payload: &mut Vec<u8>) -> Result<Option<Request>, WorkerError> {
    let mut prefix = [0; 4];
    match input.read_exact(&mut prefix) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    payload.resize(payload_len(prefix)?, 0);
    input.read_exact(payload)?;
    Ok(Some(Request::decode(payload)?))
}

fn send(output: &mut impl Write, reply: &Reply) -> io::Result<()> {
    output.write_all(&reply.encode())?;
    output.flush()
}

fn millis(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX)
}
