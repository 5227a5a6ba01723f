//! The XML of a row, read as FreeSWITCH would.

use super::meaning::{Action, Break, Condition, FieldTest, Meaning, Several, Test, is_true};
use roxmltree::{Document, Node};
use std::fmt;

/// The attributes by which FreeSWITCH asks for the time (`switch_xml_std_datetime_check`).
pub(crate) const TIMES: &[&str] = &[
    "date-time",
    "dst",
    "hour",
    "mday",
    "minute",
    "minute-of-day",
    "mon",
    "mweek",
    "time-of-day",
    "timezone",
    "tz-offset",
    "wday",
    "week",
    "yday",
    "year",
];

/// XML that is not well formed, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct Malformed {
    /// The line, from 1 on.
    pub line: u32,
    /// The column, from 1 on.
    pub column: u32,
    /// What is wrong there.
    pub reason: String,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The extensions; a row of FusionPBX has one.
    pub extensions: Vec<Meaning>,
    /// The first `&` or `<` that should have been escaped in a value. FreeSWITCH takes these as they are (read in its source, 1.10.12),
    /// other readers of XML do not.
    pub unescaped: Option<Malformed>,
}

/// Reads the XML of a row.
pub fn read(xml: &str) -> Result<Reading, Malformed> {
    let strict = match extensions(xml) {
        Ok(extensions) => {
            return Ok(Reading {
                extensions,
                unescaped: None,
            });
        }
        Err(malformed) => malformed,
    };
    // A quotation mark in a value has no such mercy: it ends the value, and with the tag the whole context.
    match extensions(&with_values_escaped(xml)) {
        Ok(extensions) => Ok(Reading {
            extensions,
            unescaped: Some(strict),
        }),
        Err(_) => Err(strict),
    }
}

/// The one extension that a row of ours has.
pub fn read_one(xml: &str) -> Result<Meaning, Malformed> {
    let reading = read(xml)?;
    if let Some(unescaped) = reading.unescaped {
        return Err(unescaped);
    }
    let count = reading.extensions.len();
    reading
        .extensions
        .into_iter()
        .next()
        .filter(|_| count == 1)
        .ok_or_else(|| Malformed {
            line: 1,
            column: 1,
            reason: format!("{count} extensions where there is to be one"),
        })
}

/// What FusionPBX keeps of a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which context.
    pub context: String,
    /// The number that was called, where it is kept for that one alone.
    pub number: Option<String>,
    /// Its extensions, in turn.
    pub extensions: Vec<Meaning>,
}

/// Reads a file of FusionPBX's cache of dialplans. `None` where it is none, such as the one that keeps the mode, or is not well formed.
pub fn cached(text: &str) -> Option<Kept> {
    let document = Document::parse(text.trim_start()).ok()?;
    let context = document.descendants().find(|node| node.has_tag_name("context"))?;
    Some(Kept {
        context: attribute(context, "name").to_owned(),
        number: context.attribute("destination_number").map(str::to_owned),
        extensions: children(context, "extension").map(extension).collect(),
    })
}

/// What a row's XML is put into to be read: the handler strings the rows together, so one alone has no root.
const ROOT: &str = "voice-ai-context";

fn extensions(xml: &str) -> Result<Vec<Meaning>, Malformed> {
    if xml.contains(ROOT) {
        return Err(Malformed {
            line: 1,
            column: 1,
            reason: format!("<{ROOT}> is no tag of a dialplan"),
        });
    }
    // The line break keeps columns; lines are one further down.
    let whole = format!("<{ROOT}>\n{xml}\n</{ROOT}>");
    let document = Document::parse(&whole).map_err(|error| {
        let at = error.pos();
        // What is not closed is missed only at the end of the text around.
        let lines = u32::try_from(xml.lines().count()).unwrap_or(u32::MAX).max(1);
        Malformed {
            line: at.row.saturating_sub(1).clamp(1, lines),
            column: at.col,
            reason: reason(&error),
        }
    })?;
    Ok(children(document.root_element(), "extension")
        .map(extension)
        .collect())
}

/// The parser's words without its position, which would be of the text around.
fn reason(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    text.split_once(" at ")
        .map_or(text.as_str(), |(words, _)| words)
        .replace(ROOT, "the end")
}

fn extension(node: Node<'_, '_>) -> Meaning {
    Meaning {
        name: attribute(node, "name").to_owned(),
        continues: is_true(attribute(node, "continue")),
        conditions: children(node, "condition").map(condition).collect(),
    }
}

fn condition(node: Node<'_, '_>) -> Condition {
    let mut times: Vec<_> = node
        .attributes()
        .filter(|attribute| TIMES.contains(&attribute.name()))
        .map(|attribute| (attribute.name().to_owned(), attribute.value().to_owned()))
        .collect();
    times.sort();
    Condition {
        times,
        test: test(node),
        breaks: Break::read(attribute(node, "break")),
        actions: children(node, "action").map(action).collect(),
        anti_actions: children(node, "anti-action").map(action).collect(),
        nested: children(node, "condition").map(condition).collect(),
    }
}

fn test(node: Node<'_, '_>) -> Test {
    if let Some(rule) = node.attribute("regex") {
        let several = match rule.to_ascii_lowercase().as_str() {
            "all" => Several::All,
            "xor" => Several::One,
            _ => Several::Any,
        };
        return Test::Several(several, children(node, "regex").map(field_test).collect());
    }
    let test = field_test(node);
    // FusionPBX writes both attributes empty for a condition that always holds: nothing matches nothing.
    let always = node.attribute("field").is_none() || (test.field.is_empty() && test.expression.is_empty());
    if always { Test::Always } else { Test::Field(test) }
}

fn field_test(node: Node<'_, '_>) -> FieldTest {
    let expression = children(node, "expression").next().map_or_else(
        || attribute(node, "expression"),
        |child| child.text().unwrap_or_default(),
    );
    FieldTest {
        field: attribute(node, "field").to_owned(),
        expression: expression.to_owned(),
    }
}

fn action(node: Node<'_, '_>) -> Action {
    let data = node
        .text()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| attribute(node, "data"));
    Action {
        application: attribute(node, "application").to_owned(),
        data: data.to_owned(),
        inline: is_true(attribute(node, "inline")),
        loops: node
            .attribute("loop")
            .map_or(1, |loops| loops.parse().unwrap_or(0)),
    }
}

fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_default()
}

/// The same text with every `&` that begins no reference, and every `<`, escaped within the values of attributes.
fn with_values_escaped(xml: &str) -> String {
    let mut escaped = String::with_capacity(xml.len() + 16);
    let mut in_tag = false;
    let mut quote = None;
    for (at, c) in xml.char_indices() {
        match (quote, c) {
            (Some(_), '&') if !begins_reference(&xml[at..]) => {
                escaped.push_str("&amp;");
                continue;
            }
            (Some(_), '<') => {
                escaped.push_str("&lt;");
                continue;
            }
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') if in_tag => quote = Some(c),
            (None, '<') => in_tag = true,
            (None, '>') => in_tag = false,
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

fn begins_reference(text: &str) -> bool {
    ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#"]
        .iter()
        .any(|reference| text.starts_with(reference))
}
