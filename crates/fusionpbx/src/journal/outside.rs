//! What a journal reaches and what it tells.

use crate::{SwitchChange, Text, UnitState};
use sqlx::PgPool;

/// What is outside of this machine's files. Each answer of failure is what to tell an operator: the value and the remedy.
pub trait Outside: Sync {
    /// FusionPBX's database. It is asked for only where rows are concerned, and then more than once: the same pool each time.
    fn database(&self) -> impl Future<Output = Result<PgPool, Text>> + Send;

    /// Forgets what FusionPBX keeps under a key. A key that is not kept is no failure.
    fn clear_cache(&self, key: &str) -> impl Future<Output = Result<(), Text>> + Send;

    /// Tells FreeSWITCH. What it has already been told is no failure: after a crash it is told again.
    fn tell_switch(&self, change: &SwitchChange) -> impl Future<Output = Result<(), Text>> + Send;

    /// Enables and starts the service's unit, or stops and disables it; the unit's file may have been written a moment ago. A unit that
    /// is so already is no failure; one that ends again at once is.
    fn run_unit(&self, run: bool) -> impl Future<Output = Result<(), Text>> + Send;

    /// How the service's unit stands; `None` where that cannot be told.
    fn unit(&self) -> impl Future<Output = Option<UnitState>> + Send;

    /// Puts the service's unit back as it stood. One that is to run is started again: its files may be others than a moment ago.
    fn restore_unit(&self, state: UnitState) -> impl Future<Output = Result<(), Text>> + Send;

    /// Tells systemd that a unit's file is gone, which it otherwise goes on knowing.
    fn forget_unit(&self) -> impl Future<Output = Result<(), Text>> + Send;
}

/// Who is told how far a plan is. A closure that takes a [`Text`] is one.
pub trait Watch: Send {
    /// A step was done, or is waited for.
    fn told(&mut self, text: &Text);

    /// A point is passed between two things that a crash may part. Tests end their process there.
    fn passes(&mut self, point: Point) {
        let _ = point;
    }
}

impl<F: FnMut(&Text) + Send> Watch for F {
    fn told(&mut self, text: &Text) {
        self(text);
    }
}

/// A point between two things that a crash may part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A plan is written, and not yet under its name: it does not count.
    Drafted,
    /// A plan counts; nothing else was done.
    Kept,
    /// A file is written beside its place.
    Beside,
    /// A step was done, and not yet noted.
    Done,
    /// It was noted.
    Noted,
    /// A row was written in a transaction that is open.
    Row,
    /// What was done is being taken back.
    Back,
    /// The next that is done is the commit.
    Committing,
    /// It was done, and not yet noted.
    Committed,
    /// The plan is at its end.
    Ended,
}
