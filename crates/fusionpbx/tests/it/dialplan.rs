//! The dialplan: what rows mean, which takes a call, what is wrong with ours, and what mends it.

mod addresses;
mod applied;
mod dump;
mod editing;
mod entries;
mod faults;
pub(crate) mod healthy;
mod injected;
mod keys;
mod ownership;
mod routing;
mod secretaries;
