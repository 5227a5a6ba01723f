//! The file and the environment as one tree of values, each knowing where it was written.

use super::error::{ConfigError, Origin};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// The prefix of the variables that override the file.
pub(super) const PREFIX: &str = "VOICE_AI__";

pub(super) struct Node {
    /// The key with its sections, as `server.listen` or `domains[0].uuid`.
    pub(super) path: String,
    pub(super) at: Origin,
    pub(super) value: Value,
}

pub(super) enum Value {
    Table(BTreeMap<String, Node>),
    Array(Vec<Node>),
    Bool(bool),
    Integer(i64),
    Text(String),
    /// A float or a date: no key takes one.
    Other(String),
}

impl Value {
    /// The value in words, for an error.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Table(_) => "a table".into(),
            Self::Array(_) => "a list".into(),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Text(text) => format!("{:?}", text.chars().take(80).collect::<String>()),
            Self::Other(text) => text.chars().take(80).collect(),
        }
    }
}

impl Node {
    /// No file at all.
    pub(super) fn empty() -> Self {
        Self {
            path: String::new(),
            at: Origin::Env(String::new()),
            value: Value::Table(BTreeMap::new()),
        }
    }

    /// Reads a file's text; what can be read in spite of the errors is in the tree.
    pub(super) fn from_file(file: &str, text: &str, errors: &mut Vec<ConfigError>) -> Self {
        let source = Source {
            file: Some(file.into()),
            text,
            variable: "",
        };
        let (table, wrong) = DeTable::parse_recoverable(text);
        errors.extend(wrong.iter().map(|error| ConfigError::Syntax {
            at: source.origin(error.span().map_or(0, |span| span.start)),
            message: error.message().replace('\n', " "),
        }));
        let at = source.origin(0);
        Self {
            path: String::new(),
            at,
            value: Value::Table(source.table("", table.get_ref())),
        }
    }

    /// Gives every text that is an absolute path the one that it is moved to.
    pub(super) fn move_paths(&mut self, to: &impl Fn(&Path) -> PathBuf) {
        match &mut self.value {
            Value::Table(table) => table.values_mut().for_each(|node| node.move_paths(to)),
            Value::Array(items) => items.iter_mut().for_each(|node| node.move_paths(to)),
            Value::Text(text) if text.starts_with('/') => *text = to(Path::new(text)).display().to_string(),
            Value::Text(_) | Value::Bool(_) | Value::Integer(_) | Value::Other(_) => {}
        }
    }

    /// Puts the variables that begin with [`PREFIX`] over the tree.
    pub(super) fn override_by(
        &mut self,
        environment: &BTreeMap<String, String>,
        errors: &mut Vec<ConfigError>,
    ) {
        for (name, raw) in environment {
            let Some(keys) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let keys: Vec<String> = keys.split("__").map(str::to_ascii_lowercase).collect();
            if let Err(blocking) = self.place(&keys, name, raw) {
                errors.push(ConfigError::Value {
                    at: Origin::Env(name.clone()),
                    key: blocking,
                    problem:
                        "this key has a value of its own, no keys below it; leave out what follows its name"
                            .into(),
                });
            }
        }
    }

    fn place(&mut self, keys: &[String], name: &str, raw: &str) -> Result<(), String> {
        let Some((key, deeper)) = keys.split_first() else {
            self.at = Origin::Env(name.into());
            self.value = Source::variable(name, raw).read(&self.path, raw);
            return Ok(());
        };
        let path = join(&self.path, key);
        let Value::Table(table) = &mut self.value else {
            return Err(self.path.clone());
        };
        table
            .entry(key.clone())
            .or_insert_with(|| Self {
                path,
                at: Origin::Env(name.into()),
                value: Value::Table(BTreeMap::new()),
            })
            .place(deeper, name, raw)
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.into()
    } else {
        format!("{path}.{key}")
    }
}

/// Where values are read from.
struct Source<'a> {
    file: Option<Arc<str>>,
    text: &'a str,
    variable: &'a str,
}

impl<'a> Source<'a> {
    fn variable(name: &'a str, text: &'a str) -> Self {
        Self {
            file: None,
            text,
            variable: name,
        }
    }

    fn origin(&self, offset: usize) -> Origin {
        let Some(file) = &self.file else {
            return Origin::Env(self.variable.into());
        };
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        Origin::File(
            file.clone(),
            1 + before.iter().filter(|&&byte| byte == b'\n').count(),
        )
    }

    /// A variable's text as a TOML value where it is a number, a switch, a list, a table or a quoted text; else as it stands.
    fn read(&self, path: &str, raw: &str) -> Value {
        match DeValue::parse(raw) {
            Ok(value) => self.value(path, value.get_ref()),
            Err(_) => Value::Text(raw.into()),
        }
    }

    fn table(&self, path: &str, table: &DeTable<'_>) -> BTreeMap<String, Node> {
        let node = |key: &str, offset, value: &DeValue<'_>| {
            let path = join(path, key);
            Node {
                at: self.origin(offset),
                value: self.value(&path, value),
                path,
            }
        };
        table
            .iter()
            .map(|(key, value)| {
                let name = key.get_ref().as_ref();
                (name.to_owned(), node(name, key.span().start, value.get_ref()))
            })
            .collect()
    }

    fn value(&self, path: &str, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or_else(|_| Value::Other(digits.as_str().into()), Value::Integer),
            DeValue::Float(digits) => Value::Other(digits.as_str().into()),
            DeValue::Datetime(date) => Value::Other(date.to_string()),
            DeValue::Table(table) => Value::Table(self.table(path, table)),
            DeValue::Array(items) => Value::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let path = format!("{path}[{index}]");
                        Node {
                            at: self.origin(item.span().start),
                            value: self.value(&path, item.get_ref()),
                            path,
                        }
                    })
                    .collect(),
            ),
        }
    }
}
