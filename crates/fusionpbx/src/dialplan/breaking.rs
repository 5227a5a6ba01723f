//! Whether a row's XML breaks the context that it is put into.
//!
//! FreeSWITCH's parser (`switch_xml_parse_str`, 1.10.12; measured) takes much that is not XML: `&` and `<` in a value as they are, and a value
//! that a quotation mark cuts short. What it does not take is a tag that is closed by another or by none, and then it takes none of the
//! context's rows.

/// Whether FreeSWITCH can read no row of a context any more in which there is this one.
pub(crate) fn breaks_context(xml: &str) -> bool {
    let mut open = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let after = match rest.bytes().next() {
            Some(b'/') => close(&rest[1..], &mut open),
            Some(b'!') => skip_declaration(rest),
            Some(b'?') => rest.split_once("?>").map(|(_, after)| after),
            Some(first) if begins_name(first) => tag(rest, &mut open),
            _ => None,
        };
        match after {
            Some(after) => rest = after,
            None => return true,
        }
    }
    !open.is_empty()
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || !byte.is_ascii()
}

/// What is after a closing tag, if it closes what is open: after its name and blanks one character is left out, whatever it is.
fn close<'a>(text: &'a str, open: &mut Vec<&'a str>) -> Option<&'a str> {
    let end = text.find(|c| c == '>' || BLANK.contains(&c))?;
    let (name, rest) = text.split_at(end);
    let mut rest = rest.trim_start_matches(BLANK).chars();
    rest.next()?;
    (open.pop()? == name).then_some(rest.as_str())
}

/// What is after an opening tag, or one that closes itself.
fn tag<'a>(text: &'a str, open: &mut Vec<&'a str>) -> Option<&'a str> {
    let end = text.find(|c| "/>".contains(c) || BLANK.contains(&c))?;
    let (name, mut rest) = text.split_at(end);
    rest = rest.trim_start_matches(BLANK);
    while !rest.is_empty() && !rest.starts_with(['/', '>']) {
        rest = after_attribute(rest)?;
    }
    if let Some(after) = rest.strip_prefix('/') {
        return after.strip_prefix('>');
    }
    open.push(name);
    rest.strip_prefix('>')
}

/// What is after an attribute: its name, and a value if one stands between quotation marks.
fn after_attribute(text: &str) -> Option<&str> {
    let end = text.find(|c| "=/>".contains(c) || BLANK.contains(&c))?;
    let rest = text[end..].trim_start_matches(|c| c == '=' || BLANK.contains(&c));
    let Some(quote) = rest
        .chars()
        .next()
        .filter(|c| "\"'".contains(*c) && !text[end..].starts_with(['/', '>']))
    else {
        return Some(rest);
    };
    let (_, after) = rest[1..].split_once(quote)?;
    Some(after.trim_start_matches(BLANK))
}

fn skip_declaration(text: &str) -> Option<&str> {
    if let Some(comment) = text.strip_prefix("!--") {
        return comment.split_once("--")?.1.strip_prefix('>');
    }
    text.strip_prefix("![CDATA[")?
        .split_once("]]>")
        .map(|(_, after)| after)
}
