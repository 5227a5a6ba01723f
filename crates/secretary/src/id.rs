//! The names of things, each a type of its own, parsed once at the border.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A text that is no UUID where one is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a {what} UUID: it must look like 11111111-2222-4333-8444-555555555555")]
pub struct IdError {
    /// What the UUID would have named.
    pub what: &'static str,
    /// The text as given.
    pub value: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Takes the hyphenated form alone, the one that FreeSWITCH and FusionPBX write.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let bad = || IdError { what: $what, value: text.chars().take(64).collect() };
                if text.len() != 36 {
                    return Err(bad());
                }
                Uuid::try_parse(text).map(Self).map_err(|_| bad())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

id!(
    /// A tenant: `v_domains.domain_uuid` of FusionPBX.
    DomainUuid,
    "domain"
);
id!(
    /// A call: the UUID of the caller's channel in FreeSWITCH.
    CallUuid,
    "call"
);
id!(
    /// A configured assistant.
    SecretaryUuid,
    "secretary"
);
