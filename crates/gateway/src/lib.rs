//! The server between FreeSWITCH and a voice engine.
#![forbid(unsafe_code)]

mod access;
mod allowance;
mod calls;
pub mod config;
mod control;
mod driver;
mod engines;
mod health;
mod keeping;
mod leg;
mod listen;
pub mod metrics;
mod recordings;
mod refusal;
mod reload;
mod server;
mod stream;
mod tools;
mod webhooks;

pub use config::Config;
pub use reload::Reload;
pub use server::{Gateway, Running, Shutdown, StartError};
