//! What the crate promises, through its public face.
#![cfg(test)]

mod ear;
mod echo;
mod framer;
mod g711;
mod line;
mod playout;
mod playout_properties;
mod playout_told;
mod resample;
mod tone;
mod turn;
