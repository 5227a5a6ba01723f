//! Whom a call can be handed to, and who is meant by what a caller says.

use crate::Hours;
use serde::{Deserialize, Serialize};

/// A person or department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Its name, as the secretary says it and as scripts, tools and `fallback` refer to it.
    pub name: String,
    /// Other names that callers use.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What the number is on the PBX.
    #[serde(default)]
    pub kind: DestinationKind,
    /// The extension, or the number to dial.
    pub number: String,
    /// When it takes calls; as the company, where none are given.
    #[serde(default)]
    pub hours: Option<Hours>,
}

/// What a destination's number is on the PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationKind {
    /// One person's extension.
    #[default]
    Extension,
    /// A ring group.
    RingGroup,
    /// A call-centre queue.
    Queue,
    /// An IVR menu.
    Ivr,
    /// A mailbox.
    Voicemail,
    /// A number outside the PBX.
    External,
}
