//! The server between FreeSWITCH and a voice engine.
#![forbid(unsafe_code)]

mod access;
mod calls;
pub mod config;
mod control;
mod driver;
mod engines;
mod health;
mod leg;
mod listen;
pub mod metrics;
mod refusal;
mod server;
mod stream;
mod tools;

pub use config::Config;
pub use server::{Gateway, Running, Shutdown, StartError};
