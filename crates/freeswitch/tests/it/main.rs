//! What the crate does, seen from outside.

mod peer;
mod states;
