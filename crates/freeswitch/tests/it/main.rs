//! What the crate does, seen from outside.
#![cfg(test)]

mod arguments;
mod commands;
mod fuzz;
mod happenings;
mod peer;
mod resync;
mod script;
mod states;
mod unicast;
mod whole;
