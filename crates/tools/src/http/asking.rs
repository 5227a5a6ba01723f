//! From a declared tool and its arguments to a request. An argument stands where it cannot become anything else: no host, no other path,
//! no second parameter, no header.

use crate::{OutOfReach, Reach, ToolError};
use reqwest::Url;
use secretary::{HttpTool, Method, Part, Template};
use serde_json::{Map, Value};

/// No service takes a longer URL; an argument of that size is no word of a caller's.
const LONGEST_URL: usize = 8 * 1024;

/// Whether the address could be asked, with any argument. What is wrong with it.
pub(super) fn check(tool: &HttpTool) -> Result<(), String> {
    let any = |_: &str| Some("x".to_owned());
    let url = filled(&tool.url, any).unwrap_or_default();
    Reach::of(tool.allow_private)
        .check(&url)
        .map(drop)
        .map_err(|error| format!("its url: {error}"))
}

pub(super) const fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// Where to ask, and what to say there.
pub(super) fn asked(
    tool: &HttpTool,
    arguments: &Value,
    reach: Reach,
) -> Result<(Url, Option<Value>), ToolError> {
    let wrong = |problem: String| ToolError::Arguments {
        tool: tool.name.clone(),
        problem,
    };
    let mut url = url(tool, arguments, reach, &wrong)?;
    for (name, template) in &tool.query {
        if let Some(value) = text_of(template, arguments).map_err(wrong)? {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    if url.as_str().len() > LONGEST_URL {
        return Err(wrong("they are too long".into()));
    }
    let body = match &tool.body {
        Some(body) => filled_body(body, arguments).map_err(wrong)?,
        None => tool.method.has_body().then(|| arguments.clone()),
    };
    Ok((url, body))
}

fn url(
    tool: &HttpTool,
    arguments: &Value,
    reach: Reach,
    wrong: &impl Fn(String) -> ToolError,
) -> Result<Url, ToolError> {
    for name in tool.url.arguments() {
        let value = scalar(name, arguments).map_err(wrong)?.unwrap_or_default();
        if value.is_empty() {
            return Err(wrong(format!("{name} is empty")));
        }
        // A server that takes %2F for / would leave the path that was meant.
        if value.split(['/', '\\']).any(is_step) {
            return Err(wrong(format!("{name} is no value but a path")));
        }
    }
    let encoded = |name: &str| Some(encode(&scalar(name, arguments).ok()??));
    let text = filled(&tool.url, encoded).unwrap_or_default();
    let path = text.split_once("://").map_or("", |(_, rest)| rest);
    if path.split(['/', '?', '#']).any(is_step) {
        return Err(wrong("together they are no value but a path".into()));
    }
    reach.check(&text).map_err(|error: OutOfReach| ToolError::Unfit {
        tool: tool.name.clone(),
        why: format!("its url: {error}"),
    })
}

/// A segment of a path that leads elsewhere.
fn is_step(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// The template with what stands for each argument; none where one has nothing.
fn filled(template: &Template, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    template
        .parts()
        .iter()
        .map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Argument(name) => value(name),
        })
        .collect()
}

/// The template as a text; none where an argument of it was not given.
fn text_of(template: &Template, arguments: &Value) -> Result<Option<String>, String> {
    let mut text = String::new();
    for part in template.parts() {
        match part {
            Part::Text(plain) => text.push_str(plain),
            Part::Argument(name) => match scalar(name, arguments)? {
                Some(value) => text.push_str(&value),
                None => return Ok(None),
            },
        }
    }
    Ok(Some(text))
}

/// An argument as a text; none where it was not given.
fn scalar(name: &str, arguments: &Value) -> Result<Option<String>, String> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Bool(value)) => Ok(Some(value.to_string())),
        Some(Value::Array(_) | Value::Object(_)) => Err(format!("{name} must be a text or a number")),
    }
}

/// A body with its arguments. A text that is nothing but an argument is that, of whatever type; what was not given is left out.
fn filled_body(body: &Value, arguments: &Value) -> Result<Option<Value>, String> {
    Ok(match body {
        Value::String(text) => {
            // It was read with the file: a template it is.
            let template = Template::parse(text).unwrap_or_default();
            match template.sole_argument() {
                Some(name) => arguments.get(name).cloned(),
                None => text_of(&template, arguments)?.map(Value::String),
            }
        }
        Value::Array(items) => {
            let mut filled = Vec::with_capacity(items.len());
            for item in items {
                filled.extend(filled_body(item, arguments)?);
            }
            Some(Value::Array(filled))
        }
        Value::Object(fields) => {
            let mut filled = Map::new();
            for (name, field) in fields {
                if let Some(field) = filled_body(field, arguments)? {
                    filled.insert(name.clone(), field);
                }
            }
            Some(Value::Object(filled))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(body.clone()),
    })
}

/// A value as it may stand in a segment of a path: all but the unreserved characters of RFC 3986 (2.3) by their bytes.
fn encode(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte))
            }
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                let [high, low] = [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
                text.extend(['%', high, low]);
            }
        }
    }
    text
}
