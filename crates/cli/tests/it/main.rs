//! The command as its user meets it.
#![cfg(test)]

mod conversation;
mod conversations;
mod engines;
mod fusionpbx;
mod live_calls;
mod models;
mod outbox;
mod pbx;
mod replay;
mod secretaries;
mod server;
mod survival;
mod tenants;
mod tools;
