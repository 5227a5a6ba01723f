//! What is to change: pure functions from [`Facts`](crate::Facts) to [`Change`](crate::Change)s.

mod first_secretary;
mod foresight;
mod leg;
mod merging;
pub(crate) mod module;
mod repair;
mod script;
mod service;
mod setup;
mod taking_back;
mod telling;
mod token;
mod uninstall;

pub use first_secretary::FirstSecretary;
pub use foresight::foresee;
pub use leg::{LegChoice, ServerAddress, is_near, leg};
pub use repair::{MENDED, Repair, repair};
pub use service::{PASSWORD, SYSUSERS, UNIT, USER};
pub use setup::{Hindrance, Surroundings, Wish, setup, setup_remarks};
pub use telling::{Deed, Told, told};
pub use token::TOKEN;
pub(crate) use token::{VARIABLE as TOKEN_VARIABLE, shown, shown_at};
pub use uninstall::{kept_copy, remarks, stays, uninstall};
