//! What is to change: pure functions from [`Facts`](crate::Facts) to [`Change`](crate::Change)s.

mod foresight;
mod merging;
pub(crate) mod module;
mod repair;
mod script;
mod service;
mod setup;
mod taking_back;
mod telling;
mod uninstall;

pub use foresight::foresee;
pub use repair::{MENDED, Repair, repair};
pub use service::{PASSWORD, SYSUSERS, UNIT, USER};
pub use setup::{Hindrance, Wish, setup};
pub use telling::{Deed, Told, told};
pub use uninstall::{kept_copy, remarks, stays, uninstall};
