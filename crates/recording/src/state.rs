//! What the thread that writes tells back: how it is doing, and what became of a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// How the writer of calls' files is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// The disk is short of space: no sound is recorded until there is more.
    pub short: bool,
    /// Recordings and event logs that could not be made or ended before their calls did, since the start.
    pub cut: u64,
    /// Milliseconds of sound that are silence in their recordings because the disk was too slow, since the start.
    pub lost_ms: u64,
}

/// The same while it changes. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    short: AtomicBool,
    cut: AtomicU64,
    lost_ms: AtomicU64,
}

impl Counts {
    pub(crate) fn state(&self) -> State {
        State {
            short: self.0.short.load(Ordering::Relaxed),
            cut: self.0.cut.load(Ordering::Relaxed),
            lost_ms: self.0.lost_ms.load(Ordering::Relaxed),
        }
    }

    /// Notes whether the disk is short of space. Whether it was so before.
    pub(crate) fn set_short(&self, short: bool) -> bool {
        self.0.short.swap(short, Ordering::Relaxed)
    }

    pub(crate) fn is_short(&self) -> bool {
        self.0.short.load(Ordering::Relaxed)
    }

    pub(crate) fn cut(&self) {
        self.0.cut.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self, ms: u64) {
        self.0.lost_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

/// How much of a call's file is on the disk, as far as the thread that writes has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All that was handed over, or it is still to be seen.
    All,
    /// It ended before the call did.
    Part,
    /// The file could not be made.
    Nothing,
}

/// The thread's word about one file to the call that it is of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fate(Arc<AtomicU8>);

const PART: u8 = 1;
const NOTHING: u8 = 2;

impl Fate {
    pub(crate) fn part(&self) {
        self.0.store(PART, Ordering::Relaxed);
    }

    pub(crate) fn nothing(&self) {
        self.0.store(NOTHING, Ordering::Relaxed);
    }

    pub(crate) fn written(&self) -> Written {
        match self.0.load(Ordering::Relaxed) {
            NOTHING => Written::Nothing,
            PART => Written::Part,
            _ => Written::All,
        }
    }
}
