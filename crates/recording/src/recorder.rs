//! A node's one writer of calls' files.

use crate::event_log::EventLog;
use crate::log::{Build, FORMAT, Header, Masked, Speaker};
use crate::opus::Encoder;
use crate::place::Place;
use crate::scribe::Scribe;
use crate::sound::Sound;
use crate::state::State;
use crate::writer::{Job, Queue, Writer};
use audio::SampleRate;
use call::Settings;
use jiff::Timestamp;
use secretary::{CallUuid, DomainUuid, Secretary};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// How files are written.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder; files go below its `recordings`.
    pub data: PathBuf,
    /// What writes.
    pub build: Build,
    /// The program that makes Opus of a finished WAV (it is called as opusenc is); none for no Opus.
    pub opus: Option<String>,
    /// With fewer free bytes than this no sound is recorded.
    pub least_free: u64,
    /// The bytes that may wait for the disk, of all calls; what is more is lost.
    pub waiting: usize,
}

/// Whose files they are.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The tenant.
    pub domain: DomainUuid,
    /// The channel on the PBX.
    pub call: CallUuid,
    /// Who answers.
    pub secretary: &'a Secretary,
    /// When the call began.
    pub started: Instant,
    /// The same by the clock on the wall.
    pub wall: Timestamp,
}

/// Writes the files of a node's calls on one thread. Clones write to the same.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    queue: Queue,
    options: Options,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Starts the thread. Nothing is made on the disk before a call needs it.
    pub fn start(options: Options) -> io::Result<Self> {
        let (queue, waiting) = Queue::new(options.waiting);
        let encoder = options.opus.clone().map(Encoder::start).transpose()?;
        let writer = Writer {
            data: options.data.clone(),
            least_free: options.least_free,
            encoder,
            sounds: Default::default(),
            logs: Default::default(),
            counts: queue.counts().clone(),
        };
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || writer.run(&waiting))?;
        Ok(Self(Arc::new(Inner {
            queue,
            options,
            thread: Mutex::new(Some(thread)),
        })))
    }

    /// Begins the event log of a call with these rules.
    pub fn event_log(&self, place: &Place, subject: &Subject<'_>, settings: &Settings) -> EventLog {
        let secretary = subject.secretary;
        let header = Header {
            format: FORMAT,
            build: self.0.options.build.clone(),
            call: subject.call,
            domain: subject.domain,
            started: subject.wall.to_string(),
            secretary: Speaker {
                name: secretary.name.clone(),
                language: secretary.language,
                engine: secretary.engines.to_string(),
            },
            masked: Masked {
                words: !secretary.privacy.transcript,
                sensitive: secretary.privacy.sensitive.clone(),
            },
            settings: settings.clone(),
        };
        let (scribe, first) = Scribe::begin(
            header,
            &secretary.privacy,
            &secretary.destinations,
            subject.started,
        );
        let queue = self.0.queue.clone();
        let path = place.path(&self.0.options.data, "jsonl");
        EventLog::new(queue, path, scribe, first)
    }

    /// Begins the sound of a call at its leg's rate.
    pub fn sound(&self, place: &Place, rate: SampleRate, started: Instant) -> Sound {
        let path = place.path(&self.0.options.data, "wav");
        Sound::new(self.0.queue.clone(), path, rate, started)
    }

    /// The extension that recordings have in the end.
    pub fn sound_extension(&self) -> &'static str {
        if self.0.options.opus.is_some() {
            "opus"
        } else {
            "wav"
        }
    }

    /// How the thread is doing.
    pub fn state(&self) -> State {
        self.0.queue.counts().state()
    }

    /// Writes what waits and ends the thread; what comes after is lost. Blocks until then.
    pub fn close(&self) {
        // A thread that is gone needs no word.
        let _ = self.0.queue.send(Job::End);
        let thread = self
            .0
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the recorder failed by a fault of ours: the next start repairs what it left");
        }
    }
}
