//! How a key becomes a file's name.

/// The names of the files that a key may have, without their folder: Lua's, and PHP's where it differs. Lua writes `:` as `.`, and `/`
/// and `\` as `_`; PHP only the first.
pub fn file_names(key: &str) -> Vec<String> {
    let php = key.replace(':', ".");
    let lua = php.replace(['/', '\\'], "_");
    if lua == php { vec![lua] } else { vec![lua, php] }
}

/// Whether a file of the cache is of dialplans.
pub(crate) fn of_dialplan(name: &str) -> bool {
    name.starts_with("dialplan.")
}
