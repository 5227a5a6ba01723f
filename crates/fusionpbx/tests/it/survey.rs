//! What is found, where all is well and where things are missing, refused or another's.

mod elf;
mod files;
mod memcached;
mod module;
mod service;
mod stage;
mod switch;
mod whole;

pub(crate) use elf::Library;
pub(crate) use service::acceptor;
pub(crate) use stage::nobody;
