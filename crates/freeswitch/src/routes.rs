//! Which channels are followed, and the way of a happening to those who follow.

use crate::Happening;
use secretary::CallUuid;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc};

/// How many happenings wait for one that follows. A call has some tens in its whole life.
const LONGEST_QUEUE: usize = 256;

/// Who follows which channel. Nothing in here waits: a follower that does not keep up loses happenings and is told so, by
/// [`Happening::ControlLost`] and [`Happening::ControlBack`], as soon as it does; what ends a following is never lost.
#[derive(Default)]
pub(crate) struct Routes {
    table: Mutex<Table>,
    changed: Notify,
    lost: AtomicU64,
}

#[derive(Default)]
struct Table {
    channels: HashMap<CallUuid, Vec<Follower>>,
    next: u64,
    connected: bool,
    /// What FreeSWITCH is yet to be told of whom we follow, in order.
    interests: VecDeque<Interest>,
}

/// A change of what FreeSWITCH is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// What happens to this channel.
    Begun(CallUuid),
    /// No longer.
    Over(CallUuid),
}

struct Follower {
    id: u64,
    happenings: mpsc::UnboundedSender<Happening>,
    queued: Arc<AtomicUsize>,
    overrun: bool,
}

/// The receiving end of a follower.
pub(crate) struct Follow {
    pub(crate) id: u64,
    pub(crate) happenings: mpsc::UnboundedReceiver<Happening>,
    /// How many of them wait.
    pub(crate) queued: Arc<AtomicUsize>,
}

impl Routes {
    /// Adds a follower.
    pub(crate) fn follow(&self, call: CallUuid) -> Follow {
        let (sender, happenings) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let mut table = self.table();
        let id = table.next;
        table.next += 1;
        let follower = Follower {
            id,
            happenings: sender,
            queued: Arc::clone(&queued),
            overrun: false,
        };
        if !table.connected {
            follower.send(Happening::ControlLost);
        }
        let followers = table.channels.entry(call).or_default();
        followers.push(follower);
        if followers.len() == 1 {
            table.interests.push_back(Interest::Begun(call));
            self.changed.notify_one();
        }
        Follow {
            id,
            happenings,
            queued,
        }
    }

    /// Takes a follower away.
    pub(crate) fn leave(&self, call: CallUuid, id: u64) {
        let mut table = self.table();
        let Some(followers) = table.channels.get_mut(&call) else {
            return;
        };
        followers.retain(|follower| follower.id != id);
        if followers.is_empty() {
            self.forget(&mut table, call);
        }
    }

    /// Whether anybody follows a channel.
    pub(crate) fn follows(&self, call: CallUuid) -> bool {
        self.table().channels.contains_key(&call)
    }

    /// Passes a happening on.
    pub(crate) fn tell(&self, call: CallUuid, happening: &Happening) {
        let mut table = self.table();
        let Some(followers) = table.channels.get_mut(&call) else {
            return;
        };
        let last = matches!(happening, Happening::HungUp { .. });
        for follower in followers {
            if !follower.tell(happening, last) {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        if last {
            self.forget(&mut table, call);
        }
    }

    /// Tells those that lost happenings, and now keep up again, that they did.
    pub(crate) fn catch_up(&self) {
        for follower in self.table().channels.values_mut().flatten() {
            follower.catch_up();
        }
    }

    /// Begins anew with a connection: returns every channel that is followed.
    pub(crate) fn connected(&self) -> Vec<CallUuid> {
        let mut table = self.table();
        table.connected = true;
        table.interests.clear();
        table.channels.keys().copied().collect()
    }

    /// Tells everybody that the connection is lost.
    pub(crate) fn disconnected(&self) {
        let mut table = self.table();
        table.connected = false;
        self.tell_all(&mut table, &Happening::ControlLost);
    }

    /// Tells everybody that happenings were lost on their way to us. Returns every channel that is followed.
    pub(crate) fn torn(&self) -> Vec<CallUuid> {
        let mut table = self.table();
        self.tell_all(&mut table, &Happening::ControlLost);
        table.channels.keys().copied().collect()
    }

    /// The next thing to tell FreeSWITCH.
    pub(crate) fn next_interest(&self) -> Option<Interest> {
        self.table().interests.pop_front()
    }

    /// Waits until there is something new to tell FreeSWITCH.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// How many happenings were lost because a follower did not keep up.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn tell_all(&self, table: &mut Table, happening: &Happening) {
        for follower in table.channels.values_mut().flatten() {
            if !follower.tell(happening, false) {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn forget(&self, table: &mut Table, call: CallUuid) {
        table.channels.remove(&call);
        table.interests.push_back(Interest::Over(call));
        self.changed.notify_one();
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// Whether there was room, or the happening is the last.
    fn tell(&mut self, happening: &Happening, last: bool) -> bool {
        self.catch_up();
        if !last && (self.overrun || self.queued.load(Ordering::Relaxed) >= LONGEST_QUEUE) {
            self.overrun = true;
            return false;
        }
        self.send(happening.clone());
        true
    }

    fn catch_up(&mut self) {
        if self.overrun && self.queued.load(Ordering::Relaxed) < LONGEST_QUEUE / 2 {
            self.overrun = false;
            self.send(Happening::ControlLost);
            self.send(Happening::ControlBack);
        }
    }

    fn send(&self, happening: Happening) {
        self.queued.fetch_add(1, Ordering::Relaxed);
        // One that is about to leave hears nothing more.
        let _ = self.happenings.send(happening);
    }
}
