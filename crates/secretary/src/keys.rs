//! The keys of a TOML table while they are read: each by its type, and what is left over is unknown. Nothing stops at the first
//! fault: all are gathered.

use crate::Fault;
use crate::fold::suggestion;
use crate::json::json;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys of the file itself. TOML takes one that is written below a `[section]` for the section's.
const OF_FILE: [&str; 13] = [
    "domain", "uuid", "name", "language", "voice", "engine", "brain", "script", "persona", "rules", "tools",
    "mcp", "fallback",
];

/// A file that is read, and what was wrong with it so far.
pub(crate) struct Reading<'t> {
    file: &'t str,
    text: &'t str,
    pub(crate) faults: Vec<Fault>,
}

impl<'t> Reading<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            faults: Vec::new(),
        }
    }

    pub(crate) fn fault(&mut self, line: usize, problem: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault {
            file: self.file.into(),
            line,
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    /// The line of a place in the text, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
    }
}

/// A value and the line where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// The keys of one table.
pub(crate) struct Keys<'t> {
    /// The table's own name with a dot behind it; empty for the whole file.
    path: String,
    /// Where the table begins.
    pub(crate) line: usize,
    left: Vec<(&'t str, usize, &'t Spanned<DeValue<'t>>)>,
    known: Vec<&'static str>,
}

impl<'t> Keys<'t> {
    pub(crate) fn of_file(table: &'t DeTable<'t>, reading: &Reading<'_>) -> Self {
        Self::new(String::new(), 1, table, reading)
    }

    fn new(path: String, line: usize, table: &'t DeTable<'t>, reading: &Reading<'_>) -> Self {
        let left = table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), reading.line(key.span().start), value))
            .collect();
        Self {
            path,
            line,
            left,
            known: Vec::new(),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<(usize, &'t Spanned<DeValue<'t>>)> {
        self.known.push(key);
        let index = self.left.iter().position(|(name, ..)| *name == key)?;
        let (_, line, value) = self.left.swap_remove(index);
        Some((line, value))
    }

    fn wrong(&self, key: &str, line: usize, value: &DeValue<'_>, right: &str, reading: &mut Reading<'_>) {
        let problem = format!("{}{key} is {}", self.path, described(value));
        reading.fault(line, problem, format!("write {right}"));
    }

    /// Whether a key stands there that was not taken yet.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.left.iter().any(|(name, ..)| *name == key)
    }

    /// Faults a key that must be there.
    pub(crate) fn missing(&self, key: &str, remedy: &str, reading: &mut Reading<'_>) {
        reading.fault(self.line, format!("missing key `{}{key}`", self.path), remedy);
    }

    pub(crate) fn text(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<Placed<String>> {
        let (line, value) = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Placed {
                value: text.to_string(),
                line,
            }),
            other => {
                self.wrong(key, line, other, "a text in quotes", reading);
                None
            }
        }
    }

    /// A text that must be there, though it may be empty.
    pub(crate) fn needed_text(
        &mut self,
        key: &'static str,
        remedy: &str,
        reading: &mut Reading<'_>,
    ) -> String {
        let there = self.has(key);
        let text = self.text(key, reading);
        if !there {
            self.missing(key, remedy, reading);
        }
        text.map(|text| text.value).unwrap_or_default()
    }

    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        reading: &mut Reading<'_>,
    ) -> Option<Vec<Placed<String>>> {
        let (line, value) = self.take(key)?;
        let right = "a list of texts, such as [\"one\", \"two\"]";
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, line, value.get_ref(), right, reading);
            return None;
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            let line = reading.line(item.span().start);
            match item.get_ref() {
                DeValue::String(text) => texts.push(Placed {
                    value: text.to_string(),
                    line,
                }),
                other => self.wrong(key, line, other, right, reading),
            }
        }
        Some(texts)
    }

    /// A text, or a list of texts.
    pub(crate) fn text_or_texts(
        &mut self,
        key: &'static str,
        reading: &mut Reading<'_>,
    ) -> Vec<Placed<String>> {
        let is_list = |value: &Spanned<DeValue<'_>>| value.get_ref().as_array().is_some();
        if self
            .left
            .iter()
            .any(|(name, _, value)| *name == key && is_list(value))
        {
            self.texts(key, reading).unwrap_or_default()
        } else {
            self.text(key, reading).into_iter().collect()
        }
    }

    pub(crate) fn switch(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<bool> {
        let (line, value) = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            other => {
                self.wrong(key, line, other, "true or false", reading);
                None
            }
        }
    }

    pub(crate) fn number(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<Placed<u32>> {
        let (line, value) = self.take(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(digits) => u32::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        match number {
            Some(value) => Some(Placed { value, line }),
            None => {
                let right = "a whole number from 0 to 4294967295";
                self.wrong(key, line, value.get_ref(), right, reading);
                None
            }
        }
    }

    pub(crate) fn table(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<Self> {
        let (line, value) = self.take(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(format!("{}{key}.", self.path), line, table, reading)),
            other => {
                self.wrong(
                    key,
                    line,
                    other,
                    &format!("a section [{}{key}] with keys", self.path),
                    reading,
                );
                None
            }
        }
    }

    pub(crate) fn tables(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Vec<Self> {
        let Some((line, value)) = self.take(key) else {
            return Vec::new();
        };
        let right = format!("a section [[{}{key}]] for each", self.path);
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, line, value.get_ref(), &right, reading);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            let line = reading.line(item.span().start);
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(Self::new(format!("{}{key}.", self.path), line, table, reading));
                }
                other => self.wrong(key, line, other, &right, reading),
            }
        }
        tables
    }

    /// A value of any kind, as JSON.
    pub(crate) fn json(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<Placed<Value>> {
        let (line, value) = self.take(key)?;
        let read = json(value.get_ref());
        if read.is_none() {
            self.wrong(key, line, value.get_ref(), "what JSON has too", reading);
        }
        read.map(|value| Placed { value, line })
    }

    /// Everything that is left as JSON: a table whose keys are the operator's own.
    pub(crate) fn rest_as_json(mut self, reading: &mut Reading<'_>) -> Vec<(String, Placed<Value>)> {
        let mut values = Vec::new();
        for (key, line, value) in std::mem::take(&mut self.left) {
            match json(value.get_ref()) {
                Some(value) => values.push((key.to_owned(), Placed { value, line })),
                None => self.wrong(key, line, value.get_ref(), "what JSON has too", reading),
            }
        }
        values
    }

    /// Everything that is left, each key with its text: a table whose keys are the operator's own.
    pub(crate) fn rest(mut self, reading: &mut Reading<'_>) -> Vec<(String, Placed<String>)> {
        let mut texts = Vec::new();
        for (key, line, value) in std::mem::take(&mut self.left) {
            match value.get_ref() {
                DeValue::String(text) => {
                    let value = text.to_string();
                    texts.push((key.to_owned(), Placed { value, line }));
                }
                other => self.wrong(key, line, other, "a text in quotes", reading),
            }
        }
        texts
    }

    /// Faults what was not taken. `retired` are keys of old with what stands in their place.
    pub(crate) fn close(self, retired: &[(&str, &str)], reading: &mut Reading<'_>) {
        for (key, line, _) in &self.left {
            let remedy = retired
                .iter()
                .find(|(old, _)| old == key)
                .map_or_else(|| self.remedy(key), |(_, now)| (*now).to_owned());
            reading.fault(*line, format!("unknown key `{}{key}`", self.path), remedy);
        }
    }

    /// What an unknown key should have been.
    fn remedy(&self, key: &str) -> String {
        if !self.path.is_empty() && OF_FILE.contains(&key) {
            format!("write {key} above the first [section]: what stands below one belongs to it")
        } else {
            suggestion(key, &self.known)
        }
    }
}

fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {:?}", text.chars().take(40).collect::<String>()),
        DeValue::Integer(digits) => digits.as_str().into(),
        DeValue::Float(digits) => digits.as_str().into(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}
