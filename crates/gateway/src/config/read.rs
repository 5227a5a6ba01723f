//! From the tree of values to types: every key is read by its own type, and what is left over is unknown.

use super::error::ConfigError;
use super::node::{Node, Value};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// What values are read with.
pub(super) struct Reading {
    /// The whole environment, for secrets that are named by their variable.
    pub(super) environment: BTreeMap<String, String>,
    /// Files that secrets may be in and that are still to be written, with their texts.
    pub(super) coming: BTreeMap<PathBuf, String>,
    /// What was wrong so far.
    pub(super) errors: Vec<ConfigError>,
}

impl Reading {
    pub(super) fn refuse(&mut self, error: ConfigError) {
        self.errors.push(error);
    }
}

/// A type that a key may have.
pub(super) trait Read: Sized {
    /// Reads the value, or tells the errors why not.
    fn read(node: Node, reading: &mut Reading) -> Option<Self>;

    /// The keys below this one, each with `path` before it; none for a plain value.
    fn keys(path: &str, keys: &mut Vec<String>) {
        keys.push(path.to_owned());
    }
}

/// What a value must be besides being of its type.
pub(super) trait Bound<T> {
    /// What is wrong with it.
    fn refuses(&self, value: &T) -> Option<String>;
}

/// Any value of the type.
pub(super) struct Any;

impl<T> Bound<T> for Any {
    fn refuses(&self, _: &T) -> Option<String> {
        None
    }
}

impl<T: PartialOrd + Display> Bound<T> for RangeInclusive<T> {
    fn refuses(&self, value: &T) -> Option<String> {
        (!self.contains(value))
            .then(|| format!("{value} is out of range; use {} to {}", self.start(), self.end()))
    }
}

/// The keys of one section while they are read.
pub(super) struct Section<'a> {
    path: String,
    left: BTreeMap<String, Node>,
    reading: &'a mut Reading,
}

impl<'a> Section<'a> {
    pub(super) fn open(node: Node, reading: &'a mut Reading) -> Option<Self> {
        match node.value {
            Value::Table(left) => Some(Self {
                path: node.path,
                left,
                reading,
            }),
            other => {
                reading.refuse(ConfigError::Value {
                    at: node.at,
                    key: node.path,
                    problem: format!("{} stands where a section with keys is needed", other.describe()),
                });
                None
            }
        }
    }

    /// Takes a key's value, or its default where it is missing or wrong (which is told).
    pub(super) fn take<T: Read>(&mut self, key: &str, default: T, bound: &impl Bound<T>) -> T {
        let Some(node) = self.left.remove(key) else {
            return default;
        };
        let (at, path) = (node.at.clone(), node.path.clone());
        let Some(value) = T::read(node, self.reading) else {
            return default;
        };
        if let Some(problem) = bound.refuses(&value) {
            self.reading.refuse(ConfigError::Value {
                at,
                key: path,
                problem,
            });
            return default;
        }
        value
    }

    /// Refuses what was not taken. `known` are the keys of this section, `everywhere` those of the whole configuration.
    pub(super) fn close(self, known: &[&str], everywhere: &[String]) {
        for (name, node) in self.left {
            let remedy = remedy(&self.path, &name, known, everywhere);
            self.reading.refuse(ConfigError::UnknownKey {
                at: node.at,
                key: node.path,
                remedy,
            });
        }
    }
}

/// Beyond this likeness a key is taken for a misspelt one.
const ALIKE: f64 = 0.6;

/// Keys that were once right or are so elsewhere, and what is right now and here.
const RETIRED: [(&str, &str); 2] = [
    (
        "secretaries_dir",
        "one folder serves all domains: set secretaries.dir, and write domain = \"NAME\" into each secretary's file",
    ),
    (
        "base_url",
        "an address is called url here; base_url is the key of [chat] alone",
    ),
];

fn remedy(section: &str, name: &str, known: &[&str], everywhere: &[String]) -> String {
    if let Some((_, now)) = RETIRED.iter().find(|(old, _)| *old == name) {
        return (*now).to_owned();
    }
    let likeness = |key: &str| strsim::normalized_damerau_levenshtein(name, key);
    let nearest = known
        .iter()
        .map(|key| (likeness(key), *key))
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, key)) = nearest {
        let dot = if section.is_empty() { "" } else { "." };
        return format!("did you mean {section}{dot}{key}?");
    }
    let elsewhere = everywhere
        .iter()
        .map(|path| (likeness(path.rsplit('.').next().unwrap_or(path)), path))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match elsewhere {
        Some((_, path)) => format!("did you mean {path}?"),
        None if section.is_empty() => format!("the sections are {}", known.join(", ")),
        None => format!("the keys of {section} are {}", known.join(", ")),
    }
}

/// Declares a section: a struct whose keys have a type and a default, and after `=>` perhaps a range; each is read from the tree
/// by its own type.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $key:ident: $type:ty = $default:expr $(=> $range:expr)?,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $key: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }

        impl $crate::config::read::Read for $name {
            fn read(node: $crate::config::node::Node, reading: &mut $crate::config::read::Reading) -> Option<Self> {
                let mut section = $crate::config::read::Section::open(node, reading)?;
                let value = Self {
                    $($key: section.take(
                        stringify!($key),
                        $default,
                        &$crate::config::read::section!(@bound $($range)?),
                    ),)*
                };
                section.close(&[$(stringify!($key)),*], &$crate::config::Config::keys());
                Some(value)
            }

            fn keys(path: &str, keys: &mut Vec<String>) {
                $({
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{}", stringify!($key));
                    <$type as $crate::config::read::Read>::keys(&path, keys);
                })*
            }
        }
    };
    (@bound) => { $crate::config::read::Any };
    (@bound $range:expr) => { $range };
}
pub(super) use section;
