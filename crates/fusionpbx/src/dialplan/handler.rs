//! Which rows FusionPBX serves to a call.

use super::context::is_public;
use crate::{ChoiceOfDialplan, DatabaseFacts, Destination, DialplanRow};

/// The rows that FusionPBX's handler strings together for a call to `number` in `context`, in their order. `hostname` is FreeSWITCH's own.
///
/// The handler orders by `dialplan_order` alone, so rows of one order come as the database likes (seen: the same two rows both ways round).
pub fn served<'a>(
    facts: &'a DatabaseFacts,
    context: &str,
    number: &str,
    hostname: Option<&str>,
) -> Vec<&'a DialplanRow> {
    let mut rows: Vec<_> = facts
        .dialplans
        .iter()
        .filter(|row| row.enabled && is_here(row, hostname) && is_in(facts, row, context, number))
        .filter(|row| row.xml.as_deref().is_some_and(|xml| !xml.trim().is_empty()))
        .collect();
    rows.sort_by_key(|row| row.order);
    rows
}

/// An empty hostname is no NULL, and no machine is called that.
fn is_here(row: &DialplanRow, hostname: Option<&str>) -> bool {
    row.hostname
        .as_deref()
        .is_none_or(|wanted| Some(wanted) == hostname)
}

fn is_in(facts: &DatabaseFacts, row: &DialplanRow, context: &str, number: &str) -> bool {
    if is_public(context) && facts.mode == ChoiceOfDialplan::Single {
        return is_bound(facts, row, number) || (row.domain.is_none() && row.context.contains("public"));
    }
    if is_public(context) || context.contains('@') {
        return row.context == context;
    }
    row.context == context || matches!(row.context.as_str(), "global" | "${domain_name}")
}

/// Whether a destination of the number leads to the row, and its domain is not switched off.
fn is_bound(facts: &DatabaseFacts, row: &DialplanRow, number: &str) -> bool {
    let lives = facts
        .domains
        .iter()
        .any(|domain| Some(domain.uuid.uuid()) == row.domain && domain.enabled);
    lives
        && facts
            .destinations
            .iter()
            .filter(|destination| destination.dialplan == Some(row.uuid))
            .any(|destination| forms(destination).iter().any(|form| form == number))
}

/// The numbers by which a destination is found in single mode. What is NULL makes the whole NULL in SQL; what is empty does not.
pub(crate) fn forms(destination: &Destination) -> Vec<String> {
    let number = &destination.number;
    let mut forms = vec![number.clone()];
    if let Some(area) = &destination.area_code {
        forms.push(format!("{area}{number}"));
        if let Some(trunk) = &destination.trunk_prefix {
            forms.push(format!("{trunk}{area}{number}"));
        }
    }
    if let Some(prefix) = &destination.prefix {
        forms.push(format!("{prefix}{number}"));
        forms.push(format!("+{prefix}{number}"));
        if let Some(area) = &destination.area_code {
            forms.push(format!("{prefix}{area}{number}"));
            forms.push(format!("+{prefix}{area}{number}"));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}
