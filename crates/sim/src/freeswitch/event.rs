//! An event as FreeSWITCH tells it, and its two ways of writing.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Names and values in the order in which they are written.
pub(super) type Headers = Vec<(Cow<'static, str>, String)>;

/// One event.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// `CHANNEL_PARK`, `CUSTOM`, …
    pub(super) name: &'static str,
    headers: Headers,
    body: Option<String>,
}

/// How a listener wants its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Plain,
    Json,
}

impl Format {
    /// As in `+OK event listener enabled …`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Json => "json",
        }
    }
}

impl Event {
    pub(super) fn new(name: &'static str, headers: Headers, body: Option<String>) -> Self {
        Self { name, headers, body }
    }

    /// A header's value; names are compared without case, as FreeSWITCH does.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The whole frame for a listener.
    pub(super) fn frame(&self, format: Format) -> Vec<u8> {
        let text = match format {
            Format::Plain => self.plain(),
            Format::Json => self.json(),
        };
        let head = format!(
            "Content-Length: {}\nContent-Type: text/event-{}\n\n",
            text.len(),
            format.name()
        );
        [head.into_bytes(), text.into_bytes()].concat()
    }

    /// Header lines with URL-encoded values, then the body with its length, or an empty line.
    pub(super) fn plain(&self) -> String {
        let mut text = self.lines();
        match &self.body {
            Some(body) => {
                let _ = write!(text, "Content-Length: {}\n\n{body}", body.len());
            }
            None => text.push('\n'),
        }
        text
    }

    /// The header lines alone.
    fn lines(&self) -> String {
        let mut text = String::with_capacity(64 * self.headers.len());
        for (name, value) in &self.headers {
            text.push_str(name);
            text.push_str(": ");
            match value.as_str() {
                "" => text.push_str("_undef_"),
                value => encode(value, &mut text),
            }
            text.push('\n');
        }
        text
    }

    /// One object of strings; a body is `_body`.
    pub(super) fn json(&self) -> String {
        let mut text = String::from("{");
        for (name, value) in &self.headers {
            member(&mut text, name, value);
        }
        if let Some(body) = &self.body {
            member(&mut text, "Content-Length", &body.len().to_string());
            member(&mut text, "_body", body);
        }
        text.push('}');
        text
    }
}

fn member(text: &mut String, name: &str, value: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let _ = write!(text, "{}:{}", quoted(name), quoted(value));
}

/// What FreeSWITCH's `switch_url_encode` encodes: control characters, what is not ASCII, and these.
fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if !(b' '..=b'~').contains(&byte) || b" #%&+:;<=>?@[\\]^`{|}\"".contains(&byte) {
            let _ = write!(into, "%{byte:02X}");
        } else {
            into.push(char::from(byte));
        }
    }
}
