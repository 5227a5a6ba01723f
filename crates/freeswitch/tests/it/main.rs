//! What the crate does, seen from outside.
#![cfg(test)]

mod arguments;
mod commands;
mod console;
mod counts;
mod fuzz;
mod happenings;
mod peer;
mod resync;
mod script;
mod states;
mod stream_audio;
mod unicast;
mod whole;
