//! What a module and an operator see of the gateway.

mod calls;
mod config;
mod line;
mod operation;
mod site;
mod upgrades;
