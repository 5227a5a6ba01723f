//! How answers to commands of administration are read.

use std::collections::BTreeSet;

/// The names in a `show … as json`.
pub(super) fn names(list: &str) -> Option<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct List {
        #[serde(default)]
        rows: Vec<Row>,
    }
    #[derive(serde::Deserialize)]
    struct Row {
        name: String,
    }
    let list: List = serde_json::from_str(list).ok()?;
    Some(list.rows.into_iter().map(|row| row.name).collect())
}

/// What follows `-ERR` on any line.
pub(super) fn complaint(told: &str) -> Option<&str> {
    let mut lines = told.lines().filter_map(|line| line.strip_prefix("-ERR"));
    lines.next().map(|words| words.trim().trim_matches(['[', ']']))
}
