//! How much of the listener one address, and of the calls' beginnings one tenant, may have.

mod addresses;
mod bucket;
mod domains;
mod log_lines;

pub(crate) use addresses::{Addresses, Excess, Passage};
pub(crate) use bucket::Rate;
pub(crate) use domains::{Domains, TooFast};
pub(crate) use log_lines::LogLines;
