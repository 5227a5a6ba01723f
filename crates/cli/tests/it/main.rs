//! The command as its user meets it.
#![cfg(test)]

mod conversation;
mod conversations;
mod models;
mod secretaries;
mod replay;
mod server;
mod survival;
