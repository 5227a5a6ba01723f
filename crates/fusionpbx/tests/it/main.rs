//! What the integration with FusionPBX promises, through its public face.
#![cfg(test)]

mod estate;
mod estates;
mod journal;
