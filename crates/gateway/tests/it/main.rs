//! What a module and an operator see of the gateway.
#![cfg(test)]

mod advice;
mod calls;
mod closing;
mod config;
mod conversations;
mod line;
mod log;
mod operation;
mod panics;
mod reload;
mod site;
mod upgrades;
