//! The server between FreeSWITCH and a voice engine.
#![forbid(unsafe_code)]

mod access;
mod allowance;
pub mod api;
mod arrivals;
mod books;
mod calls;
mod certificate;
mod claims;
pub mod config;
mod control;
mod door;
mod driver;
mod engines;
mod health;
mod inventory;
mod keeping;
mod leg;
mod limits;
mod listen;
mod messages;
pub mod metrics;
mod pbx;
mod recordings;
mod refusal;
mod reload;
mod retention;
mod roster;
mod server;
mod stream;
mod switches;
mod toolbox;
mod tools;
mod transfer;
mod webhooks;

pub use config::Config;
pub use inventory::Inventory;
pub use reload::Reload;
pub use roster::{Entry, Roster, State, Use};
pub use server::{Gateway, Running, Shutdown, StartError};
pub use toolbox::{OfferedTool, Toolbox, TrialError};
