//! Keys that take one of a few words.

use super::ConfigError;
use super::node::{Node, Value};
use super::read::{Read, Reading};

/// Declares a choice: an enum and the word of each variant.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl Read for $name {
            fn read(node: Node, reading: &mut Reading) -> Option<Self> {
                match &node.value {
                    $(Value::Text(word) if word == $word => return Some(Self::$variant),)*
                    _ => {}
                }
                let words: &[&str] = &[$($word),*];
                let problem = format!("{} is none of the choices; use {}", node.value.describe(), words.join(" or "));
                reading.refuse(ConfigError::Value { at: node.at, key: node.path, problem });
                None
            }
        }
    };
}

choice! {
    /// What speaks for the local engine.
    Speaker {
        /// The program espeak-ng: robotic, fast, there for every language.
        Espeak = "espeak",
    }
}

choice! {
    /// How log lines are written.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}
