//! The command as its user meets it.
#![cfg(test)]

mod conversation;
mod conversations;
mod models;
mod outbox;
mod replay;
mod secretaries;
mod server;
mod survival;
mod tenants;
