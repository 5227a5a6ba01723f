//! Texts with places for the arguments of a tool: `https://crm.example/customers/{cpf}`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A text in which `{name}` stands for an argument; `{{` and `}}` are braces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template(Vec<Part>);

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it is written.
    Text(String),
    /// The value of the argument of that name.
    Argument(String),
}

/// A text that is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace that nothing closes, or that closes nothing.
    #[error("it has a brace without its other one; write {{{{ or }}}} for a brace itself")]
    Brace,
    /// Something in braces that is no argument's name.
    #[error("{{{0}}} is no name of an argument; write letters, digits and _")]
    Name(String),
}

impl Template {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut left = text;
        while let Some(at) = left.find(['{', '}']) {
            let (before, rest) = left.split_at(at);
            plain.push_str(before);
            if let Some(rest) = rest.strip_prefix("{{") {
                plain.push('{');
                left = rest;
            } else if let Some(rest) = rest.strip_prefix("}}") {
                plain.push('}');
                left = rest;
            } else {
                let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let (name, rest) = inside.ok_or(TemplateError::Brace)?;
                if !is_name(name) {
                    return Err(TemplateError::Name(name.chars().take(40).collect()));
                }
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Argument(name.to_owned()));
                left = rest;
            }
        }
        plain.push_str(left);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// Its pieces in their order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The names of the arguments that stand in it.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Argument(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The argument, where the text is nothing but its place.
    pub fn sole_argument(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Argument(name)] => Some(name),
            _ => None,
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

impl TryFrom<String> for Template {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.to_string()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Part::Argument(name) => write!(f, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}
