//! libpq's connection strings (`host=… password=…`), which FusionPBX's Lua pastes together without quoting.

/// What libpq makes of a value that was pasted behind `password=` as it is; `None` where it refuses the whole string, or would take a
/// part of the value for another setting.
pub(super) fn value_as_pasted(value: &str) -> Option<String> {
    let pasted = format!("password={value} ");
    match parse(&pasted)?.as_slice() {
        [(_, one)] => Some(one.clone()),
        _ => None,
    }
}

/// The settings of a connection string, in order. `None` where it is malformed.
pub(super) fn parse(text: &str) -> Option<Vec<(String, String)>> {
    let mut settings = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let key = key.trim_end();
        if key.contains(char::is_whitespace) {
            return None;
        }
        let (value, after) = value(after.trim_start())?;
        settings.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    Some(settings)
}

/// One value, and what follows: up to white space, or within single quotes; a backslash takes the next character as it is.
fn value(text: &str) -> Option<(String, &str)> {
    let (quoted, text) = match text.strip_prefix('\'') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, taken)| taken)),
            '\'' if quoted => return Some((value, &text[at + 1..])),
            space if !quoted && space.is_whitespace() => return Some((value, &text[at..])),
            other => value.push(other),
        }
    }
    (!quoted).then_some((value, ""))
}
