//! The server between FreeSWITCH and a voice engine.
#![forbid(unsafe_code)]

mod calls;
pub mod metrics;
