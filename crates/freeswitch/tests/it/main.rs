//! What the crate does, seen from outside.

mod commands;
mod happenings;
mod peer;
mod resync;
mod states;
