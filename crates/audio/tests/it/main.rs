//! What the crate promises, through its public face.

mod framer;
mod g711;
mod playout;
mod playout_properties;
mod resample;
mod tone;
