//! Which engines speak for a secretary.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The names of engines as the node's configuration gives them, the first choice first: the others take over where one fails. In a
/// file one name, or a list of names. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Engines(Vec<String>);

impl Engines {
    /// The engine that needs neither key nor network.
    pub const LOCAL: &str = "local";

    /// A list of names; the local engine where it is empty.
    pub fn new(names: Vec<String>) -> Self {
        if names.is_empty() {
            Self::default()
        } else {
            Self(names)
        }
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The first choice.
    pub fn first(&self) -> &str {
        self.0.first().map_or(Self::LOCAL, String::as_str)
    }

    /// Whether that engine is among them.
    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|engine| engine == name)
    }
}

impl Default for Engines {
    fn default() -> Self {
        Self(vec![Self::LOCAL.into()])
    }
}

impl fmt::Display for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl Serialize for Engines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Engines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            One(String),
            Several(Vec<String>),
        }
        Ok(Self::new(match Written::deserialize(deserializer)? {
            Written::One(name) => vec![name],
            Written::Several(names) => names,
        }))
    }
}
