//! Takes what calls tell, at once, and carries it into the database, whenever that is there.

mod carrying;
mod late;
mod trouble;
mod writer;

use crate::Entry;
use crate::journal::{Fill, Journal, JournalError, Reader, Writing, Written};
use carrying::Carrier;
pub use late::LateStore;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use trouble::Trouble;
use writer::{Order, Writer};

/// Entries that may wait for the disk. A disk that stalls for a second while five hundred calls speak fills a tenth of it.
const QUEUE: usize = 4_096;

/// Where entries are carried to.
pub trait Sink: Send + Sync + 'static {
    /// Applies these entries, in order, all of them or none. They may have been applied before, which must change nothing.
    fn apply(&self, entries: &[Entry]) -> impl Future<Output = Result<(), SinkError>> + Send;
}

/// Why entries were not applied. The words are for logs: they never repeat a caller's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// Later they may be.
    #[error("{0}")]
    Unavailable(String),
    /// These entries never will be.
    #[error("{0}")]
    Refused(String),
}

/// Why an entry is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The journal is full.
    #[error(
        "the journal has {bytes} of {limit} bytes because the database takes nothing; see /health/ready, or raise store.journal_mb"
    )]
    Full {
        /// Its bytes.
        bytes: u64,
        /// The bytes that it may have.
        limit: u64,
    },
    /// It is too long.
    #[error("the entry has {bytes} bytes; {limit} is the most")]
    TooLong {
        /// Its bytes in the journal.
        bytes: usize,
        /// The most of an entry.
        limit: usize,
    },
    /// The disk does not take it.
    #[error("the journal cannot be written: {0}; is the disk of data.dir full?")]
    Disk(String),
    /// The keeper was closed.
    #[error("the node is ending and keeps nothing more")]
    Closed,
}

/// What a keeper may take, and how patient it is.
#[derive(Debug, Clone)]
pub struct KeeperConfig {
    /// The folder of the journal; made where it is missing.
    pub folder: PathBuf,
    /// The bytes of the journal. The last eighth is for what [`Keeper::keep`] takes.
    pub bytes: u64,
    /// How long the database may take for one batch.
    pub apply_limit: Duration,
    /// How long it is left alone after the first failure; twice as long after each further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long [`Keeper::close`] waits for the database.
    pub close_limit: Duration,
}

impl KeeperConfig {
    /// A journal of so many bytes in this folder, with patience for a database that restarts.
    pub fn new(folder: impl Into<PathBuf>, bytes: u64) -> Self {
        Self {
            folder: folder.into(),
            bytes,
            apply_limit: Duration::from_secs(10),
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(10),
            close_limit: Duration::from_secs(5),
        }
    }
}

/// How a keeper is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeeperState {
    /// Entries in the journal that are not in the database yet.
    pub waiting: u64,
    /// The journal's bytes.
    pub bytes: u64,
    /// The bytes that it may have.
    pub limit: u64,
    /// Entries that were told and not kept since the start.
    pub lost: u64,
    /// Lines and entries that were set aside since the start: damaged on disk, or refused by the database for ever.
    pub set_aside: u64,
    /// Why entries are not carried now; none if they are.
    pub failing: Option<String>,
    /// Why nothing can be written to the journal now; none if it can.
    pub disk: Option<String>,
}

/// Keeps entries. Clones share one journal.
#[derive(Clone)]
pub struct Keeper {
    shared: Arc<Shared>,
}

struct Shared {
    orders: mpsc::Sender<Order>,
    fill: Arc<Fill>,
    trouble: Arc<Trouble>,
    carried: watch::Receiver<u64>,
    /// Ends the carrying once everything was carried or the limit is over.
    closing: watch::Sender<bool>,
    carrying: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Opens the journal and begins to carry what is in it. Needs a tokio runtime.
    ///
    /// # Errors
    /// Another process has the journal, or its folder cannot be used.
    pub fn open(config: &KeeperConfig, sink: impl Sink) -> Result<Self, JournalError> {
        let (journal, left) = Journal::open(&config.folder)?;
        if left.torn > 0 {
            tracing::info!(
                bytes = left.torn,
                "cut off what a crash left unfinished in the journal"
            );
        }
        if left.lines > 0 {
            tracing::info!(entries = left.lines, "the journal has entries for the database");
        }
        let fill = Arc::new(Fill::new(&left, config.bytes));
        let trouble = Arc::new(Trouble::default());
        let next = left.segments.last().copied().unwrap_or(0) + 1;
        let (orders, ordered) = mpsc::channel(QUEUE);
        let (written, writing) = watch::channel(Written {
            segment: next,
            end: 0,
        });
        let (carried, carried_so_far) = watch::channel(0);
        let (closing, closes) = watch::channel(false);
        let writer = Writer {
            segment: Writing::new(journal.folder(), next, fill.clone()),
            fill: fill.clone(),
            trouble: trouble.clone(),
            written,
            journal,
        };
        let folder: &Path = &config.folder;
        let carrier = Carrier {
            reader: Reader::new(folder, left.segments, fill.clone()),
            aside: crate::journal::Aside::in_folder(folder),
            sink,
            config: config.clone(),
            written: writing,
            orders: orders.downgrade(),
            trouble: trouble.clone(),
            carried,
            closing: closes,
        };
        let thread = std::thread::Builder::new().name("journal".into());
        thread
            .spawn(move || writer.run(ordered))
            .map_err(|source| JournalError::Io {
                path: folder.into(),
                source,
            })?;
        let carrying = Mutex::new(Some(tokio::spawn(carrier.run())));
        Ok(Self {
            shared: Arc::new(Shared {
                orders,
                fill,
                trouble,
                carried: carried_so_far,
                closing,
                carrying,
            }),
        })
    }

    /// Keeps an entry if it can be kept without waiting; else it is dropped, counted and told in the log.
    pub fn note(&self, entry: Entry) {
        if self.shared.orders.try_send(Order::Note(entry)).is_err() {
            self.shared.trouble.lose(1);
        }
    }

    /// Keeps an entry. It is on the disk when this returns well.
    ///
    /// # Errors
    /// It is not kept, and will not be carried but for a disk that failed half way.
    pub async fn keep(&self, entry: Entry) -> Result<(), KeepError> {
        let (kept, answer) = oneshot::channel();
        let order = Order::Keep(entry, kept);
        self.shared
            .orders
            .send(order)
            .await
            .map_err(|_| KeepError::Closed)?;
        answer.await.unwrap_or(Err(KeepError::Closed))
    }

    /// How it is doing.
    pub fn state(&self) -> KeeperState {
        let Shared { fill, trouble, .. } = &*self.shared;
        KeeperState {
            waiting: fill.lines(),
            bytes: fill.bytes(),
            limit: fill.limit,
            lost: trouble.lost(),
            set_aside: trouble.set_aside(),
            failing: trouble.failing(),
            disk: trouble.disk(),
        }
    }

    /// Changes with every batch that the database took: so many entries since the start.
    pub fn carried(&self) -> watch::Receiver<u64> {
        self.shared.carried.clone()
    }

    /// Takes nothing more, writes what it took to the disk, and carries it as long as the database takes it, for
    /// [`KeeperConfig::close_limit`] at most. What is not carried then is carried by the next process.
    pub async fn close(&self) {
        let (closed, answer) = oneshot::channel();
        // What is carried is removed meanwhile: the folder is nobody else's until that is over. None where it was closed before.
        let _journal = match self.shared.orders.send(Order::Close(closed)).await {
            Ok(()) => answer.await.ok(),
            Err(_) => None,
        };
        self.shared.closing.send_replace(true);
        let carrying = self
            .shared
            .carrying
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(carrying) = carrying
            && let Err(error) = carrying.await
        {
            tracing::error!(%error, "carrying entries into the database failed");
        }
    }
}

impl Drop for Shared {
    /// Without a keeper there is nothing to carry for; the journal stays for the next process.
    fn drop(&mut self) {
        let carrying = self.carrying.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(carrying) = carrying.take() {
            carrying.abort();
        }
    }
}
