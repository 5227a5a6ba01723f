//! What is done about the echo of callers' lines.

use super::node::Node;
use super::read::{Read, Reading};
use super::values::parsed;

/// What is done about the echo of callers' lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EchoMode {
    /// It is taken out where there is one; a line without stays as it is.
    Auto,
    /// Mono and stereo streams stay as they are. From a mixed one our own voice is taken out all the same.
    Off,
}

impl Read for EchoMode {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "a way with echoes", |text| match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => Err("use auto or off"),
        })
    }
}
