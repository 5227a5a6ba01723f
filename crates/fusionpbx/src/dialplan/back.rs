//! A row that was somebody else's before it was ours, as it was.

use super::keys::stale_keys;
use super::ours::meaning_of;
use super::rows::{delete_detail, insert, update};
use crate::journal::Adopted;
use crate::{Change, DatabaseFacts, DialplanRow, Facts, Table};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What is to change so that a row and its details are again what they were.
pub(crate) fn give_back(row: &DialplanRow, former: &Adopted, facts: &Facts) -> Vec<Change> {
    let mut columns = former.row.clone();
    columns.remove(Table::Dialplans.key());
    let mut changes = vec![update(row, columns)];
    if let Some(details) = &former.details {
        let stays = |key: &Uuid| details.iter().any(|(known, _)| known == key);
        let is_there = |key: &Uuid| row.details.iter().any(|detail| detail.uuid == *key);
        let gone = row.details.iter().filter(|detail| !stays(&detail.uuid));
        changes.extend(gone.map(|detail| delete_detail(row.uuid, detail)));
        let back = details.iter().filter(|(key, _)| !is_there(key));
        changes.extend(back.map(|(key, columns)| insert(Table::DialplanDetails, *key, columns.clone())));
    }
    let mut keys = BTreeSet::from_iter(stale_keys(row, facts));
    keys.extend(stale_keys(&as_it_was(row, &former.row), facts));
    changes.extend(keys.into_iter().map(Change::CacheKey));
    changes
}

/// The row as it was, as far as its keys depend on it.
fn as_it_was(row: &DialplanRow, columns: &Map<String, Value>) -> DialplanRow {
    let text = |name: &str| columns.get(name).and_then(Value::as_str).map(str::to_owned);
    DialplanRow {
        domain: text("domain_uuid").and_then(|uuid| uuid.parse().ok()),
        context: text("dialplan_context").unwrap_or_default(),
        number: text("dialplan_number"),
        ..row.clone()
    }
}

/// The extension and the context to which a row sends its calls.
pub(crate) fn leads_to(row: &DialplanRow, facts: &DatabaseFacts) -> Option<(String, String)> {
    let meaning = meaning_of(row, facts)?;
    let mut transfers = meaning
        .actions()
        .filter(|action| action.application == "transfer");
    transfers.find_map(|action| {
        let mut words = action.data.split(' ');
        let (number, _, context) = (words.next()?, words.next()?, words.next()?);
        Some((number.to_owned(), context.to_owned()))
    })
}
