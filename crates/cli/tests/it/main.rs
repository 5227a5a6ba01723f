//! The command as its user meets it.
#![cfg(test)]

mod conversation;
mod models;
mod server;
