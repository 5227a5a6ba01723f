//! What the integration with FusionPBX promises, through its public face.
#![cfg(test)]

mod cache;
mod dialplan;
mod estate;
mod estates;
mod host;
mod journal;
mod machine;
mod survey;
