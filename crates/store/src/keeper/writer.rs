//! The thread that writes the journal: one write and one sync for all that came meanwhile.

use super::KeepError;
use super::trouble::Trouble;
use crate::Entry;
use crate::journal::{self, Fill, Journal, LINE_MAX, Writing, Written};
use std::io;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// The most orders that are carried out together.
const GROUP: usize = 256;

/// What the thread is asked to do.
pub(super) enum Order {
    /// Write this, if there is room.
    Note(Entry),
    /// Write this to the disk, and say so.
    Keep(Entry, oneshot::Sender<Result<(), KeepError>>),
    /// All up to here was carried.
    Retire(Written),
    /// Write what was ordered before, hand over the folder, and end.
    Close(oneshot::Sender<Journal>),
}

pub(super) struct Writer {
    pub(super) segment: Writing,
    pub(super) fill: Arc<Fill>,
    pub(super) trouble: Arc<Trouble>,
    pub(super) written: watch::Sender<Written>,
    /// Held as long as anything is written; who closes it holds it as long as anything is read.
    pub(super) journal: Journal,
}

/// What goes to the disk at once.
#[derive(Default)]
struct Group {
    text: Vec<u8>,
    lines: u64,
    /// Those who wait for it.
    waiting: Vec<oneshot::Sender<Result<(), KeepError>>>,
    notes: u64,
}

impl Writer {
    /// Until it is closed, or nobody is left who could order anything.
    pub(super) fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut group = Group::default();
        while let Some(first) = orders.blocking_recv() {
            let mut closed = None;
            let mut next = Some(first);
            let mut taken = 0;
            while let Some(order) = next.take() {
                match order {
                    Order::Note(entry) => self.note(&mut group, &entry),
                    Order::Keep(entry, answer) => self.keep(&mut group, &entry, answer),
                    Order::Retire(place) => self.retire(place),
                    Order::Close(answer) => closed = Some(answer),
                }
                taken += 1;
                if taken < GROUP && closed.is_none() {
                    next = orders.try_recv().ok();
                }
            }
            self.write(&mut group, closed.is_some());
            if let Some(answer) = closed {
                // Who closed it need not wait for it.
                let _unheard = answer.send(self.journal);
                return;
            }
        }
    }

    fn note(&self, group: &mut Group, entry: &Entry) {
        // The last eighth is for messages: a caller waits for those.
        let room = self.fill.limit - self.fill.limit / 8;
        match self.add(group, entry, room) {
            Ok(()) => group.notes += 1,
            Err(_) => self.trouble.lose(1),
        }
    }

    fn keep(&self, group: &mut Group, entry: &Entry, answer: oneshot::Sender<Result<(), KeepError>>) {
        match self.add(group, entry, self.fill.limit) {
            Ok(()) => group.waiting.push(answer),
            // Who asked may have stopped waiting.
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    fn add(&self, group: &mut Group, entry: &Entry, room: u64) -> Result<(), KeepError> {
        let before = group.text.len();
        let encoded = journal::encode(entry, &mut group.text);
        let length = group.text.len() - before;
        let bytes = self.fill.bytes();
        let refused = match encoded {
            Err(error) => Some(KeepError::Disk(error.to_string())),
            Ok(()) if length > LINE_MAX => Some(KeepError::TooLong {
                bytes: length,
                limit: LINE_MAX,
            }),
            Ok(()) if bytes + group.text.len() as u64 > room => Some(KeepError::Full {
                bytes,
                limit: self.fill.limit,
            }),
            Ok(()) => None,
        };
        match refused {
            None => group.lines += 1,
            Some(_) => group.text.truncate(before),
        }
        refused.map_or(Ok(()), Err)
    }

    fn write(&mut self, group: &mut Group, ends: bool) {
        if group.lines > 0 {
            let needs_sync = !group.waiting.is_empty();
            let appended = self.segment.append(&group.text, group.lines);
            let written = if needs_sync {
                appended.and_then(|()| self.segment.sync())
            } else {
                appended
            };
            self.answer(group, &written);
            *group = Group {
                text: std::mem::take(&mut group.text),
                ..Group::default()
            };
            group.text.clear();
        }
        if ends && let Err(error) = self.segment.sync() {
            self.trouble.disk_fails(&error.to_string());
        }
        self.publish();
    }

    fn answer(&self, group: &mut Group, written: &io::Result<()>) {
        match written {
            Ok(()) => self.trouble.disk_takes(),
            Err(error) => {
                self.trouble.disk_fails(&error.to_string());
                self.trouble.lose(group.notes);
            }
        }
        for answer in group.waiting.drain(..) {
            let kept = match written {
                Ok(()) => Ok(()),
                Err(error) => Err(KeepError::Disk(error.to_string())),
            };
            // Who asked may have stopped waiting.
            let _unheard = answer.send(kept);
        }
    }

    fn retire(&mut self, place: Written) {
        if let Err(error) = self.segment.retire(place) {
            tracing::warn!(%error, "a segment of the journal that was carried cannot be removed");
        }
    }

    fn publish(&self) {
        let now = self.segment.written();
        self.written.send_if_modified(|written| {
            let changes = *written != now;
            *written = now;
            changes
        });
    }
}
