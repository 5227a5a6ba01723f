//! What the crate does, seen from outside.

mod arguments;
mod commands;
mod happenings;
mod peer;
mod real;
mod resync;
mod states;
