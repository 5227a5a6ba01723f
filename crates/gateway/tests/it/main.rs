//! What a module and an operator see of the gateway.
#![cfg(test)]

mod admission;
mod advice;
mod asker;
mod authority;
mod calls;
mod chime;
mod closing;
mod config;
mod conversations;
mod dead_man;
mod echo;
mod estate;
mod flood;
mod limits;
mod line;
mod log;
mod operation;
mod panics;
mod pbx_site;
mod privacy;
mod real_freeswitch;
mod real_transfers;
mod receivers;
mod recording;
mod reload;
mod replays;
mod sip_phone;
mod site;
mod store;
mod talker;
mod tenants;
mod tls;
mod transfers;
mod unicast;
mod upgrades;
