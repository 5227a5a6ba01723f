//! How much of the listener one address, and of the calls' beginnings one tenant, may have; and who makes room when it is full.

mod addresses;
mod bucket;
mod domains;
mod log_lines;
mod silent;

pub(crate) use addresses::{Addresses, Excess, Passage};
pub(crate) use bucket::Rate;
pub(crate) use domains::{Domains, TooFast};
pub(crate) use log_lines::LogLines;
pub(crate) use silent::{Hush, Silent};
