//! What a stream's address must be true of.

use super::node::Node;
use super::read::{Read, Reading};
use super::values::parsed;

/// What a stream's address must be true of, where a FreeSWITCH is configured. Without one nobody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// The call is a channel there, and the channel's `domain_uuid` is the address's. FusionPBX sets that variable on every channel.
    Domain,
    /// The call is a channel there. Its `domain_uuid`, if it has one, is the address's.
    Channel,
    /// Nothing. Facts of the channel are used where FreeSWITCH tells them.
    Nothing,
}

impl Read for Verify {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "a thing to verify", |text| match text {
            "domain" => Ok(Self::Domain),
            "channel" => Ok(Self::Channel),
            "nothing" => Ok(Self::Nothing),
            _ => Err("use domain, channel or nothing"),
        })
    }
}
