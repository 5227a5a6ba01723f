//! The server between FreeSWITCH and a voice engine.
#![forbid(unsafe_code)]

mod calls;
mod driver;
mod leg;
mod tools;
pub mod config;
pub mod metrics;
