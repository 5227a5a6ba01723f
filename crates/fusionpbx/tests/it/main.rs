//! What the integration with FusionPBX promises, through its public face.
#![cfg(test)]

mod cache;
mod checks;
mod database;
mod dialplan;
mod estate;
mod estates;
mod faults;
mod host;
mod journal;
mod legs;
mod machine;
mod settings;
mod setups;
mod survey;
mod test_call;
