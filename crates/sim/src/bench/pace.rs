//! A punctual clock: tokio's timers are as coarse as a millisecond, which is more than a relay takes. A thread of its own
//! sleeps from slot to slot, which the kernel keeps to some 60 µs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Between one slot and the next.
pub(super) const SLOT: Duration = Duration::from_micros(500);
/// Slots in the 20 ms of a frame.
pub(super) const SLOTS_A_FRAME: u64 = 40;

/// Ticks once a slot, until it is dropped.
pub(super) struct Pace {
    start: Instant,
    ticks: Arc<Notify>,
    ended: Arc<AtomicBool>,
}

impl Pace {
    #[expect(
        clippy::disallowed_methods,
        reason = "it blocks a thread that has nothing else to do"
    )]
    pub(super) fn start() -> io::Result<Self> {
        let pace = Self {
            start: Instant::now(),
            ticks: Arc::default(),
            ended: Arc::default(),
        };
        let (start, ticks, ended) = (pace.start, pace.ticks.clone(), pace.ended.clone());
        thread::Builder::new().name("pace".to_owned()).spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let next = slot_at(start) + 1;
                thread::sleep(time_of(start, next).saturating_duration_since(Instant::now()));
                ticks.notify_one();
            }
        })?;
        Ok(pace)
    }

    /// When a slot is due.
    pub(super) fn time_of(&self, slot: u64) -> Instant {
        time_of(self.start, slot)
    }

    /// Waits for the next tick. Returns the last slot that is due.
    pub(super) async fn tick(&self) -> u64 {
        self.ticks.notified().await;
        slot_at(self.start)
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

fn slot_at(start: Instant) -> u64 {
    (start.elapsed().as_nanos() / SLOT.as_nanos()) as u64
}

fn time_of(start: Instant, slot: u64) -> Instant {
    start + Duration::from_nanos(SLOT.as_nanos() as u64 * slot)
}
