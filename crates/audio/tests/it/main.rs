//! What the crate promises, through its public face.

mod playout;
mod playout_properties;
