//! The command as its user meets it.
#![cfg(test)]

mod models;
mod server;
