//! What FusionPBX keeps of the dialplan beside its database, by its keys.

use super::context::{is_everywhere, is_public};
use super::handler::forms;
use crate::{ChoiceOfDialplan, DialplanRow, Facts};
use std::collections::BTreeSet;

/// What stands before a context in its key, and before its file's name.
const KEY: &str = "dialplan:";
const FILE: &str = "dialplan.";
/// Keys that hold settings and no dialplan.
const SETTINGS: &[&str] = &["dialplan:mode", "dialplan:destination"];

/// The name of a key's file, as Lua makes it.
pub fn cache_file_name(key: &str) -> String {
    key.replace(':', ".").replace(['/', '\\'], "_")
}

/// The keys whose text is of yesterday once a row has changed. For a row that moves from one context to another ask for both.
pub fn stale_keys(row: &DialplanRow, facts: &Facts) -> Vec<String> {
    let mut keys = if is_everywhere(&row.context) {
        of_all_domains(facts)
    } else if is_public(&row.context) {
        of_public(row, facts)
    } else {
        BTreeSet::from([format!("{KEY}{}", row.context)])
    };
    keys.retain(|key| !SETTINGS.contains(&key.as_str()));
    keys.into_iter().collect()
}

fn of_all_domains(facts: &Facts) -> BTreeSet<String> {
    let domains = facts.database.iter().flat_map(|database| &database.domains);
    let mut keys: BTreeSet<_> = domains.map(|domain| format!("{KEY}{}", domain.name)).collect();
    // Contexts that are no domain's have the global rows too.
    keys.extend(
        kept(facts)
            .filter(|rest| !is_of_public(rest))
            .map(|rest| format!("{KEY}{rest}")),
    );
    keys
}

fn of_public(row: &DialplanRow, facts: &Facts) -> BTreeSet<String> {
    let mut keys = BTreeSet::from([format!("{KEY}{}", row.context)]);
    let Ok(database) = &facts.database else {
        return keys;
    };
    if database.mode == ChoiceOfDialplan::Multiple {
        return keys;
    }
    let mut numbers: BTreeSet<String> = row.number.iter().cloned().collect();
    let of_row = database
        .destinations
        .iter()
        .filter(|destination| destination.dialplan == Some(row.uuid) || row.domain.is_none());
    numbers.extend(of_row.flat_map(forms));
    if row.domain.is_none() {
        // Such a row is served with every number that was ever called.
        let called = kept(facts).filter_map(|rest| rest.strip_prefix("public."));
        numbers.extend(called.map(str::to_owned));
    }
    for number in numbers {
        let bare = number.trim_start_matches('+');
        keys.insert(format!("{KEY}public:{bare}"));
        keys.insert(format!("{KEY}public:+{bare}"));
    }
    keys
}

/// What is kept, without what all names begin with.
fn kept(facts: &Facts) -> impl Iterator<Item = &str> {
    let files = facts.cache.iter().flat_map(|cache| &cache.files);
    files.filter_map(|file| file.name.strip_prefix(FILE))
}

fn is_of_public(rest: &str) -> bool {
    rest == "public" || rest.starts_with("public.")
}
