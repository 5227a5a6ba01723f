//! The one thread that writes, and the bounded way to it.

use crate::disk;
use crate::file::WavFile;
use crate::opus::Encoder;
use crate::state::{Counts, Fate};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often headers are mended and the free space is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// What the thread is told.
pub(crate) enum Job {
    OpenSound {
        file: u64,
        path: PathBuf,
        rate: u32,
        fate: Fate,
    },
    /// First the silence of what was lost, in samples; then samples: left, right, left, …
    Sound {
        file: u64,
        silence: u64,
        interleaved: Vec<i16>,
    },
    /// With the silence of what was lost last.
    CloseSound {
        file: u64,
        silence: u64,
    },
    /// With its first line, without which the others mean nothing.
    OpenLog {
        file: u64,
        path: PathBuf,
        first: String,
        fate: Fate,
    },
    Lines {
        file: u64,
        text: String,
    },
    CloseLog {
        file: u64,
    },
    /// The last job.
    End,
}

impl Job {
    /// The bytes that it holds while it waits.
    fn bytes(&self) -> usize {
        match self {
            Self::Sound { interleaved, .. } => interleaved.len() * 2,
            Self::Lines { text, .. } => text.len(),
            _ => 0,
        }
    }
}

/// What a call has to say to the thread: never waits. Jobs of data are refused beyond the limit; the few others always go, so that
/// no file stays open.
#[derive(Clone)]
pub(crate) struct Queue {
    jobs: mpsc::Sender<Job>,
    waiting: Arc<AtomicUsize>,
    limit: usize,
    next_file: Arc<AtomicU64>,
    counts: Counts,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> (Self, Waiting) {
        let (jobs, receiver) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let queue = Self {
            jobs,
            waiting: waiting.clone(),
            limit,
            next_file: Arc::default(),
            counts: Counts::default(),
        };
        let receiver = Waiting {
            jobs: receiver,
            waiting,
        };
        (queue, receiver)
    }

    /// A number for a file.
    pub(crate) fn file(&self) -> u64 {
        self.next_file.fetch_add(1, Ordering::Relaxed)
    }

    /// How the thread is doing.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Queues a job, or gives it back if there is no room or nobody writes any more.
    pub(crate) fn send(&self, job: Job) -> Result<(), Job> {
        let bytes = job.bytes();
        let before = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        if bytes > 0 && before + bytes > self.limit {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(job);
        }
        self.jobs.send(job).map_err(|mpsc::SendError(job)| {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            job
        })
    }
}

/// The thread's end of the queue.
pub(crate) struct Waiting {
    jobs: mpsc::Receiver<Job>,
    waiting: Arc<AtomicUsize>,
}

/// The thread's state.
pub(crate) struct Writer {
    /// Where the free space is looked at.
    pub(crate) data: PathBuf,
    /// Below so many free bytes nothing is recorded.
    pub(crate) least_free: u64,
    pub(crate) encoder: Option<Encoder>,
    pub(crate) sounds: HashMap<u64, OpenSound>,
    pub(crate) logs: HashMap<u64, OpenLog>,
    pub(crate) counts: Counts,
}

/// A recording that is being written.
pub(crate) struct OpenSound {
    wav: WavFile,
    fate: Fate,
}

/// An event log that is being written.
pub(crate) struct OpenLog {
    path: PathBuf,
    file: File,
    fate: Fate,
}

impl Writer {
    pub(crate) fn run(mut self, queue: &Waiting) {
        self.look_at_space();
        let mut due = Instant::now() + EVERY;
        loop {
            let patience = due.saturating_duration_since(Instant::now());
            match queue.jobs.recv_timeout(patience) {
                Ok(Job::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(job) => {
                    let bytes = job.bytes();
                    self.obey(job);
                    queue.waiting.fetch_sub(bytes, Ordering::Relaxed);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if due <= Instant::now() {
                due = Instant::now() + EVERY;
                self.look_at_space();
                self.mend_headers();
            }
        }
        let open: Vec<u64> = self.sounds.keys().copied().collect();
        for file in open {
            self.close_sound(file);
        }
        if let Some(encoder) = self.encoder.take() {
            encoder.stop();
        }
    }

    fn obey(&mut self, job: Job) {
        match job {
            Job::OpenSound {
                file,
                path,
                rate,
                fate,
            } => self.open_sound(file, &path, rate, fate),
            Job::Sound {
                file,
                silence,
                interleaved,
            } => self.with_sound(file, |sound| {
                sound.silence(silence)?;
                sound.write(&interleaved)
            }),
            Job::CloseSound { file, silence } => {
                self.with_sound(file, |sound| sound.silence(silence));
                self.close_sound(file);
            }
            Job::OpenLog {
                file,
                path,
                first,
                fate,
            } => self.open_log(file, path, &first, fate),
            Job::Lines { file, text } => self.lines(file, &text),
            Job::CloseLog { file } => drop(self.logs.remove(&file)),
            Job::End => {}
        }
    }

    fn open_sound(&mut self, file: u64, path: &Path, rate: u32, fate: Fate) {
        if self.counts.is_short() {
            tracing::warn!(path = %path.display(), "a call is not recorded: the disk is short of space");
            return self.not_made(&fate);
        }
        match WavFile::create(path, rate) {
            Ok(wav) => drop(self.sounds.insert(file, OpenSound { wav, fate })),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a call is not recorded; the call goes on");
                self.not_made(&fate);
            }
        }
    }

    fn open_log(&mut self, number: u64, path: PathBuf, first: &str, fate: Fate) {
        match disk::create(&path) {
            Ok(file) => {
                self.logs.insert(number, OpenLog { path, file, fate });
                self.lines(number, first);
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a call has no event log; the call goes on");
                self.not_made(&fate);
            }
        }
    }

    fn not_made(&self, fate: &Fate) {
        fate.nothing();
        self.counts.cut();
    }

    /// Does something to a recording; one that fails is ended where it is.
    fn with_sound(&mut self, file: u64, work: impl FnOnce(&mut WavFile) -> io::Result<()>) {
        let Some(sound) = self.sounds.get_mut(&file) else {
            return;
        };
        if let Err(error) = work(&mut sound.wav) {
            tracing::warn!(path = %sound.wav.path().display(), %error, "the recording of a call ends here; the call goes on");
            self.cut_sound(file);
        }
    }

    /// Ends a recording before its call.
    fn cut_sound(&mut self, file: u64) {
        if let Some(sound) = self.sounds.get(&file) {
            sound.fate.part();
            self.counts.cut();
        }
        self.close_sound(file);
    }

    fn close_sound(&mut self, file: u64) {
        let Some(OpenSound { wav, .. }) = self.sounds.remove(&file) else {
            return;
        };
        let path = wav.path().to_owned();
        match (wav.finish(), &self.encoder) {
            (Ok(wav), Some(encoder)) => encoder.encode(wav),
            (Ok(_), None) => {}
            (Err(error), _) => {
                tracing::warn!(path = %path.display(), %error, "a recording could not be finished: the next start repairs it")
            }
        }
    }

    fn lines(&mut self, file: u64, text: &str) {
        let Some(log) = self.logs.get_mut(&file) else {
            return;
        };
        if let Err(error) = log.file.write_all(text.as_bytes()) {
            tracing::warn!(path = %log.path.display(), %error, "the event log of a call ends here; the call goes on");
            log.fate.part();
            self.counts.cut();
            self.logs.remove(&file);
        }
    }

    fn mend_headers(&mut self) {
        let open: Vec<u64> = self.sounds.keys().copied().collect();
        for file in open {
            self.with_sound(file, WavFile::mend_header);
        }
    }

    /// Ends every recording when the disk is short of space, and says so; begins again when it is not.
    fn look_at_space(&mut self) {
        let free = match disk::free_bytes(&self.data) {
            Ok(free) => free,
            // Where that cannot be known, the write that fails will tell.
            Err(_) => return,
        };
        let short = free < self.least_free;
        if short == self.counts.set_short(short) {
            return;
        }
        let (free_mb, least_mb) = (free / 1_000_000, self.least_free / 1_000_000);
        if !short {
            tracing::info!(free_mb, "there is space again: calls are recorded");
            return;
        }
        tracing::error!(
            free_mb, least_mb, folder = %self.data.display(),
            "the disk is short of space (recording.least_free_mb): no call is recorded until there is more; calls go on"
        );
        let open: Vec<u64> = self.sounds.keys().copied().collect();
        for file in open {
            self.cut_sound(file);
        }
    }
}
