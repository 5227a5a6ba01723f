//! What a module and an operator see of the gateway.
#![cfg(test)]

mod advice;
mod calls;
mod closing;
mod config;
mod conversations;
mod echo;
mod estate;
mod limits;
mod line;
mod log;
mod operation;
mod panics;
mod privacy;
mod receivers;
mod recording;
mod reload;
mod replays;
mod site;
mod store;
mod talker;
mod tenants;
mod upgrades;
