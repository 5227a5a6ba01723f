//! What is to change: pure functions from [`Facts`](crate::Facts) to [`Change`](crate::Change)s.

mod foresight;
mod merging;
mod module;
mod repair;
mod script;

pub use repair::{MENDED, Repair, repair};
