//! A meaning, written down: as the XML that calls are served from, and as the details from which FusionPBX's editor makes it again.

use super::meaning::{Action, Condition, FieldTest, Meaning, Test};
use std::fmt::Write;
use uuid::Uuid;

/// A detail that is to be. Its group and its order alone put it where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `condition`, `regex`, `action`, `anti-action`.
    pub tag: &'static str,
    /// A condition's field, an action's application.
    pub kind: String,
    /// A condition's expression, an action's data.
    pub data: String,
    /// Of a condition.
    pub breaks: Option<&'static str>,
    /// Of an action.
    pub inline: bool,
    /// Its condition's group.
    pub group: i64,
    /// Its place.
    pub order: i64,
}

/// What cannot be written so that the editor would write the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritable {
    /// FusionPBX's editor escapes nothing and turns `$$` into `$`: this value would break the whole context, or mean something else.
    Value(String),
    /// Something that FreeSWITCH knows and the editor does not.
    Shape(&'static str),
}

/// How far one order is from the next, as FusionPBX numbers them.
const STEP: i64 = 5;

impl Meaning {
    /// The XML as FusionPBX writes it, only that values are escaped.
    pub fn to_xml(&self, row: Uuid) -> Result<String, Unwritable> {
        let mut xml = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(
            xml,
            "<extension name=\"{}\" continue=\"{}\" uuid=\"{row}\">",
            escaped(&self.name)?,
            self.continues
        );
        for condition in &self.conditions {
            write_condition(&mut xml, condition)?;
        }
        xml.push_str("</extension>");
        Ok(xml)
    }

    /// The details. `given` are the actions that the editor puts in front by itself, which are no details.
    pub fn to_parts(&self, given: &[Action]) -> Result<Vec<Part>, Unwritable> {
        plain(&self.name)?;
        let mut parts = Vec::new();
        let mut given = given.iter().peekable();
        for (condition, group) in self.conditions.iter().zip(0..) {
            condition_parts(condition, group, &mut parts)?;
            for action in &condition.actions {
                if given.peek() == Some(&action) {
                    given.next();
                    continue;
                }
                parts.push(action_part("action", action, group)?);
            }
            for action in &condition.anti_actions {
                parts.push(action_part("anti-action", action, group)?);
            }
        }
        for (part, order) in parts.iter_mut().zip(1..) {
            part.order = order * STEP;
        }
        Ok(parts)
    }
}

fn write_condition(xml: &mut String, condition: &Condition) -> Result<(), Unwritable> {
    if !condition.nested.is_empty() {
        return Err(Unwritable::Shape("a condition within a condition"));
    }
    xml.push_str("\t<condition");
    for (name, value) in &condition.times {
        let _ = write!(xml, " {name}=\"{}\"", escaped(value)?);
    }
    match &condition.test {
        Test::Always if condition.times.is_empty() => xml.push_str(" field=\"\" expression=\"\""),
        Test::Always => {}
        Test::Field(test) => write_test(xml, test)?,
        Test::Several(several, _) => {
            let _ = write!(xml, " regex=\"{}\"", several.as_str());
        }
    }
    if let Some(breaks) = condition.breaks.as_str() {
        let _ = write!(xml, " break=\"{breaks}\"");
    }
    let tests: &[FieldTest] = match &condition.test {
        Test::Several(_, tests) => tests,
        _ => &[],
    };
    if tests.is_empty() && condition.actions.is_empty() && condition.anti_actions.is_empty() {
        xml.push_str("/>\n");
        return Ok(());
    }
    xml.push_str(">\n");
    for test in tests {
        xml.push_str("\t\t<regex");
        write_test(xml, test)?;
        xml.push_str("/>\n");
    }
    for action in &condition.actions {
        write_action(xml, "action", action)?;
    }
    for action in &condition.anti_actions {
        write_action(xml, "anti-action", action)?;
    }
    xml.push_str("\t</condition>\n");
    Ok(())
}

fn write_test(xml: &mut String, test: &FieldTest) -> Result<(), Unwritable> {
    let (field, expression) = (escaped(&test.field)?, escaped(&test.expression)?);
    let _ = write!(xml, " field=\"{field}\" expression=\"{expression}\"");
    Ok(())
}

fn write_action(xml: &mut String, tag: &str, action: &Action) -> Result<(), Unwritable> {
    let (application, data) = (escaped(&action.application)?, escaped(&action.data)?);
    let _ = write!(xml, "\t\t<{tag} application=\"{application}\" data=\"{data}\"");
    if action.inline {
        xml.push_str(" inline=\"true\"");
    }
    if action.loops != 1 {
        let _ = write!(xml, " loop=\"{}\"", action.loops);
    }
    xml.push_str("/>\n");
    Ok(())
}

fn condition_parts(condition: &Condition, group: i64, parts: &mut Vec<Part>) -> Result<(), Unwritable> {
    if !condition.nested.is_empty() {
        return Err(Unwritable::Shape("a condition within a condition"));
    }
    let breaks = condition.breaks.as_str();
    let mut push = |tag, kind: &str, data: &str| -> Result<(), Unwritable> {
        parts.push(Part {
            tag,
            kind: plain(kind)?.to_owned(),
            data: plain(data)?.to_owned(),
            breaks: if tag == "condition" { breaks } else { None },
            inline: false,
            group,
            order: 0,
        });
        Ok(())
    };
    match (&condition.test, condition.times.is_empty()) {
        (Test::Always, true) => push("condition", "", ""),
        (Test::Always, false) => condition
            .times
            .iter()
            .try_for_each(|(name, value)| push("condition", name, value)),
        (_, false) => Err(Unwritable::Shape("a condition of a time and a field at once")),
        (Test::Field(test), true) => push("condition", &test.field, &test.expression),
        (Test::Several(several, tests), true) => {
            push("condition", "regex", several.as_str())?;
            tests
                .iter()
                .try_for_each(|test| push("regex", &test.field, &test.expression))
        }
    }
}

fn action_part(tag: &'static str, action: &Action, group: i64) -> Result<Part, Unwritable> {
    if action.loops != 1 {
        return Err(Unwritable::Shape("an action with a loop"));
    }
    Ok(Part {
        tag,
        kind: plain(&action.application)?.to_owned(),
        data: plain(&action.data)?.to_owned(),
        breaks: None,
        inline: action.inline,
        group,
        order: 0,
    })
}

/// A value as the editor may have it.
pub(crate) fn plain(value: &str) -> Result<&str, Unwritable> {
    let broken = |c: char| c.is_control() || "&<>\"".contains(c);
    if value.chars().any(broken) || value.contains("$$") || !value.chars().all(is_xml) {
        return Err(Unwritable::Value(value.to_owned()));
    }
    Ok(value)
}

/// A value as XML may have it between quotation marks.
fn escaped(value: &str) -> Result<String, Unwritable> {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // FreeSWITCH and all readers of XML make a blank of these.
            '\n' | '\r' | '\t' => text.push(' '),
            c if c.is_control() || !is_xml(c) => return Err(Unwritable::Value(value.to_owned())),
            c => text.push(c),
        }
    }
    Ok(text)
}

/// Whether XML 1.0 has this character at all.
fn is_xml(c: char) -> bool {
    !matches!(c, '\u{fffe}' | '\u{ffff}')
}
