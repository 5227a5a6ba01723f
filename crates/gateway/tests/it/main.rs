//! What a module and an operator see of the gateway.
#![cfg(test)]

mod calls;
mod closing;
mod config;
mod conversations;
mod line;
mod operation;
mod panics;
mod site;
mod upgrades;
