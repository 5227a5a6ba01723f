//! What the store promises, through its public face.
#![cfg(test)]

mod applying;
mod erasing;
mod keeper;
mod listing;
mod opening;
mod outbox;
mod postgres;
mod site;
