//! How FreeSWITCH parts a command into words.

/// Parts at blanks outside of single quotes, into at most so many words; the last one has all that is left. Quotes go, and of a
/// backslash before a quote, a backslash or a blank only that remains (`switch_separate_string`).
pub(super) fn words(text: &str, most: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if words.len() + 1 == most {
            words.push(cleaned(rest));
            break;
        }
        let end = end_of_word(rest);
        words.push(cleaned(&rest[..end]));
        rest = rest[end..].trim_start();
    }
    words
}

fn end_of_word(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => quoted = !quoted,
            ' ' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn cleaned(word: &str) -> String {
    let mut clean = String::new();
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match (c, chars.peek()) {
            ('\'', _) => continue,
            ('\\', Some(next @ ('\'' | '"' | '\\' | ' '))) => Some(*next),
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('s')) => Some(' '),
            _ => None,
        };
        if escaped.is_some() {
            chars.next();
        }
        clean.push(escaped.unwrap_or(c));
    }
    clean
}
