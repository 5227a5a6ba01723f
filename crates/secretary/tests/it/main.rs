//! What a tenant configures, through the crate's public face.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod destinations;
mod files;
mod hours;
mod instructions;
mod snapshot;
mod tools;
