//! What goes wrong, for health, metrics and the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What goes wrong. Told in the log when it begins and when it is over, not with every entry.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    lost: AtomicU64,
    set_aside: AtomicU64,
    failing: Mutex<Option<String>>,
    disk: Mutex<Option<String>>,
}

impl Trouble {
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn set_aside(&self) -> u64 {
        self.set_aside.load(Ordering::Relaxed)
    }

    pub(super) fn failing(&self) -> Option<String> {
        read(&self.failing)
    }

    pub(super) fn disk(&self) -> Option<String> {
        read(&self.disk)
    }

    /// So many entries are not kept. Told at the first one, and whenever there are twice as many.
    pub(super) fn lose(&self, entries: u64) {
        let before = self.lost.fetch_add(entries, Ordering::Relaxed);
        let now = before + entries;
        if entries > 0 && (before == 0 || before.ilog2() != now.ilog2()) {
            tracing::error!(
                lost = now,
                "the journal takes nothing more: what calls told is lost"
            );
        }
    }

    pub(super) fn put_aside(&self) {
        self.set_aside.fetch_add(1, Ordering::Relaxed);
    }

    /// The database does not take entries.
    pub(super) fn database_fails(&self, why: &str) {
        if replace(&self.failing, Some(why)) {
            tracing::warn!("the database takes nothing: {why}; what calls tell waits in the journal");
        }
    }

    /// The database takes entries.
    pub(super) fn database_takes(&self) {
        if replace(&self.failing, None) {
            tracing::info!("the database takes what calls tell again");
        }
    }

    /// The disk does not take entries.
    pub(super) fn disk_fails(&self, why: &str) {
        if replace(&self.disk, Some(why)) {
            tracing::error!("the journal cannot be written: {why}; messages cannot be taken");
        }
    }

    /// The disk takes entries.
    pub(super) fn disk_takes(&self) {
        if replace(&self.disk, None) {
            tracing::info!("the journal can be written again");
        }
    }
}

fn read(place: &Mutex<Option<String>>) -> Option<String> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Puts the present reason there; whether there was none before, or is none now.
fn replace(place: &Mutex<Option<String>>, why: Option<&str>) -> bool {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    if place.as_deref() == why {
        return false;
    }
    let changes = place.is_some() != why.is_some();
    *place = why.map(str::to_owned);
    changes
}
