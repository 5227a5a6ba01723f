//! What is to change so that an entry is there, or is there no more.

use super::editor::given;
use super::entry::{Did, Entry, Route};
use super::ours::{by_details, is_of_another_host, is_ours, meaning_of, number_of, secretary_rows};
use super::owner::{NumberOwner, owner_of};
use super::rows::{
    Columns, bind_destination, columns, delete, delete_destination, delete_details, insert, insert_details,
    update,
};
use super::shadow::free_order;
use super::writing::plain;
use super::{APP_UUID, Meaning, Refusal, Unwritable, handler::forms, keys::stale_keys, read_one};
use crate::{Change, ChoiceOfDialplan, DatabaseFacts, Destination, DialplanRow, Facts, Table};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What is to change so that the entry is there as it is given: nothing where it is. A row of ours for the same number of the same domain
/// is taken over, with its UUID, its name and its order; its description stays as people know it. Nothing is planned where the database
/// was not read.
pub fn add(entry: &Entry, facts: &Facts) -> Result<Vec<Change>, Refusal> {
    let Ok(database) = &facts.database else {
        return Ok(Vec::new());
    };
    entry.check()?;
    let lives = |domain: &&crate::Domain| domain.uuid == entry.domain.uuid && domain.enabled;
    if database
        .domains
        .iter()
        .find(lives)
        .is_none_or(|domain| domain.name != entry.domain.name)
    {
        return Err(Refusal::Domain(entry.domain.name.clone()));
    }
    let existing = existing(entry, facts, database);
    let entry = Entry {
        row: existing.map_or(entry.row, |row| row.uuid),
        ..entry.clone()
    };
    refuse_owned(&entry, database)?;
    refuse_unanswered(&entry, facts, database)?;
    let hostname = hostname(facts);
    let wanted = entry
        .order
        .or(existing.map(|row| row.order))
        .unwrap_or_else(|| entry.usual_order());
    let order = free_order(&entry, database, hostname, wanted)?;
    let mut changes = match existing {
        None => new_row(&entry, order)?,
        Some(row) => changed_row(&entry, row, order, database)?,
    };
    if let Route::Did(did, _) = &entry.route
        && database.mode == ChoiceOfDialplan::Single
    {
        changes.extend(bound(did, &entry, database));
    }
    if !changes.is_empty() {
        let mut keys = BTreeSet::new();
        keys.extend(stale_keys(&after(&entry, order), facts));
        keys.extend(existing.into_iter().flat_map(|row| stale_keys(row, facts)));
        changes.extend(keys.into_iter().map(Change::CacheKey));
    }
    Ok(changes)
}

/// Whether a row may be taken away by its number: one that belongs to another page of FusionPBX only leads to ours.
///
/// # Errors
/// When it belongs to another.
pub fn removable(row: &DialplanRow) -> Result<(), Refusal> {
    match row.app {
        Some(app) if app != APP_UUID && !is_ours(row) => Err(Refusal::OfAnotherPage(row.name.clone())),
        _ => Ok(()),
    }
}

/// What is to change so that a row and its details are gone, and a destination that we have made for it; one of the operator's is kept, and
/// leads nowhere. Nothing where the row is another machine's.
pub fn remove(row: &DialplanRow, facts: &Facts) -> Vec<Change> {
    if is_of_another_host(row, facts) {
        return Vec::new();
    }
    let mut changes = vec![delete(row)];
    changes.extend(delete_details(row));
    if let Ok(database) = &facts.database {
        let bound = database
            .destinations
            .iter()
            .filter(|destination| destination.dialplan == Some(row.uuid));
        changes.extend(bound.map(|destination| {
            if is_made_by_us(destination) {
                delete_destination(destination)
            } else {
                bind_destination(destination, None)
            }
        }));
    }
    changes.extend(stale_keys(row, facts).into_iter().map(Change::CacheKey));
    changes
}

/// FreeSWITCH's own name of its machine, where it says.
pub(crate) fn hostname(facts: &Facts) -> Option<&str> {
    facts
        .switch
        .running
        .as_ref()
        .map(|running| running.hostname.as_str())
}

/// The row that the entry is taken for: the one of its UUID, or one of ours for the same number of the same domain, or FusionPBX's own
/// route that does the same.
fn existing<'a>(entry: &Entry, facts: &'a Facts, database: &'a DatabaseFacts) -> Option<&'a DialplanRow> {
    let here = || {
        let rows = database.dialplans.iter();
        rows.filter(|row| !is_of_another_host(row, facts))
    };
    let by_uuid = here().find(|row| row.uuid == entry.row);
    by_uuid.or_else(|| {
        let number = entry.number();
        let meaning = entry.meaning("");
        here().find(|row| {
            // In a domain's context only the context decides whose a row is; `public` is everybody's.
            let of_domain = match entry.route {
                Route::Secretary(_) => true,
                Route::Did(..) => row.domain.is_none_or(|domain| domain == entry.domain.uuid.uuid()),
            };
            // What FusionPBX's own page has written may do the same.
            let same = || meaning_of(row, database).is_some_and(|there| there.does_the_same(&meaning));
            row.context == entry.context()
                && of_domain
                && number_of(row, database).as_deref() == Some(&number)
                && (is_ours(row) || same())
        })
    })
}

fn refuse_owned(entry: &Entry, facts: &DatabaseFacts) -> Result<(), Refusal> {
    let number = entry.number();
    let owner = match &entry.route {
        Route::Secretary(_) => owner_of(&number, &entry.domain, facts),
        Route::Did(..) => other_destination(entry, facts)
            .map(|destination| NumberOwner::Destination(destination.number.clone()))
            .or_else(|| other_route(entry, facts)),
    };
    match owner {
        None => Ok(()),
        Some(owner) => Err(Refusal::Owned {
            number,
            owner: owner.text(),
        }),
    }
}

/// Calls from outside are sent to where a secretary answers.
fn refuse_unanswered(entry: &Entry, facts: &Facts, database: &DatabaseFacts) -> Result<(), Refusal> {
    let Route::Did(_, extension) = &entry.route else {
        return Ok(());
    };
    let answers = |row: &DialplanRow| {
        row.context == entry.domain.name
            && !is_of_another_host(row, facts)
            && number_of(row, database).as_deref() == Some(extension.as_str())
    };
    if secretary_rows(database).any(answers) {
        return Ok(());
    }
    Err(Refusal::NoSecretary {
        extension: extension.as_str().to_owned(),
        domain: entry.domain.name.clone(),
    })
}

/// A destination of the number that leads to another row, or is another domain's.
fn other_destination<'a>(entry: &Entry, facts: &'a DatabaseFacts) -> Option<&'a Destination> {
    destinations_of(&entry.number(), facts).find(|destination| {
        let elsewhere = destination.dialplan.is_some_and(|row| row != entry.row);
        elsewhere || destination.domain != Some(entry.domain.uuid.uuid())
    })
}

/// Another row of the public context for the number.
fn other_route(entry: &Entry, facts: &DatabaseFacts) -> Option<NumberOwner> {
    let number = entry.number();
    let row = facts.dialplans.iter().find(|row| {
        row.context == entry.context()
            && row.enabled
            && row.uuid != entry.row
            && number_of(row, facts).as_deref() == Some(&number)
    })?;
    Some(NumberOwner::Row {
        uuid: row.uuid,
        name: row.name.clone(),
    })
}

pub(crate) fn destinations_of<'a>(
    number: &str,
    facts: &'a DatabaseFacts,
) -> impl Iterator<Item = &'a Destination> {
    facts.destinations.iter().filter(move |destination| {
        destination.kind == "inbound" && forms(destination).iter().any(|form| form == number)
    })
}

fn new_row(entry: &Entry, order: i64) -> Result<Vec<Change>, Refusal> {
    let name = entry.name();
    let meaning = entry.meaning(&name);
    let row = after(entry, order);
    let parts = meaning.to_parts(&given_to(entry))?;
    let domain = Some(entry.domain.uuid.uuid());
    let mut changes = vec![insert(
        Table::Dialplans,
        entry.row,
        columns([
            ("domain_uuid", json!(domain)),
            ("app_uuid", json!(APP_UUID)),
            ("hostname", json!(null)),
            ("dialplan_context", json!(row.context)),
            ("dialplan_name", json!(name)),
            ("dialplan_number", json!(row.number)),
            // Whether menus and ring groups offer it as a destination.
            ("dialplan_destination", json!("true")),
            ("dialplan_continue", json!("false")),
            ("dialplan_xml", json!(meaning.to_xml(entry.row)?)),
            ("dialplan_order", json!(order)),
            ("dialplan_enabled", json!("true")),
            ("dialplan_description", json!(entry.description)),
        ]),
    )];
    changes.extend(insert_details(entry.row, domain, &parts));
    Ok(changes)
}

/// The row as it will be, as far as its cache keys and its details depend on it.
fn after(entry: &Entry, order: i64) -> DialplanRow {
    DialplanRow {
        uuid: entry.row,
        domain: Some(entry.domain.uuid.uuid()),
        app: Some(APP_UUID),
        hostname: None,
        context: entry.context().to_owned(),
        name: entry.name(),
        number: Some(entry.number()),
        order,
        enabled: true,
        continues: false,
        xml: None,
        details: Vec::new(),
    }
}

fn given_to(entry: &Entry) -> Vec<super::Action> {
    given(&after(entry, 0), std::slice::from_ref(&entry.domain))
}

fn changed_row(
    entry: &Entry,
    row: &DialplanRow,
    order: i64,
    facts: &DatabaseFacts,
) -> Result<Vec<Change>, Refusal> {
    let name = if plain(&row.name).is_ok() && !row.name.is_empty() {
        row.name.clone()
    } else {
        entry.name()
    };
    let target = after(entry, order);
    let meaning = entry.meaning(&name);
    let mut columns = Columns::new();
    let mut set = |differs: bool, column: &str, value| {
        if differs {
            columns.insert(column.to_owned(), value);
        }
    };
    set(row.domain != target.domain, "domain_uuid", json!(target.domain));
    // FusionPBX's page of destinations makes a route's app its own; it may.
    let foreign = row.app != target.app && (row.app.is_none() || matches!(entry.route, Route::Secretary(_)));
    set(foreign, "app_uuid", json!(target.app));
    set(row.hostname.as_deref() == Some(""), "hostname", json!(null));
    set(
        row.context != target.context,
        "dialplan_context",
        json!(target.context),
    );
    set(row.name != name, "dialplan_name", json!(name));
    set(
        row.number != target.number,
        "dialplan_number",
        json!(target.number),
    );
    set(row.order != order, "dialplan_order", json!(order));
    set(!row.enabled, "dialplan_enabled", json!("true"));
    set(row.continues, "dialplan_continue", json!("false"));
    let mut changes = written(row, &meaning, &mut columns, facts, &target)?;
    if !columns.is_empty() {
        changes.insert(0, update(row, columns));
    }
    Ok(changes)
}

/// What is to change so that a row's XML and its details both mean this: the XML among the row's columns, the details as rows of their own.
pub(crate) fn written(
    row: &DialplanRow,
    meaning: &Meaning,
    columns: &mut Columns,
    facts: &DatabaseFacts,
    target: &DialplanRow,
) -> Result<Vec<Change>, Unwritable> {
    let is_there = |there: &Meaning| there.does_the_same(meaning);
    let by_xml = row.xml.as_deref().and_then(|xml| read_one(xml).ok());
    if !by_xml.is_some_and(|there| is_there(&there) && there.continues == meaning.continues) {
        columns.insert("dialplan_xml".to_owned(), json!(meaning.to_xml(row.uuid)?));
    }
    // The editor puts what it gives in front by the row's context and domain, so these are taken as they will be.
    let renewed = DialplanRow {
        details: row.details.clone(),
        ..target.clone()
    };
    if by_details(&renewed, facts).is_some_and(|there| is_there(&there)) {
        return Ok(Vec::new());
    }
    let parts = meaning.to_parts(&given(&renewed, &facts.domains))?;
    let mut changes: Vec<_> = delete_details(row).collect();
    changes.extend(insert_details(row.uuid, renewed.domain, &parts));
    Ok(changes)
}

/// What is to change so that a number's destination leads to the entry's row.
fn bound(did: &Did, entry: &Entry, facts: &DatabaseFacts) -> Option<Change> {
    let Route::Did(_, extension) = &entry.route else {
        return None;
    };
    match destinations_of(&did.whole(), facts).next() {
        Some(destination) if destination.dialplan == Some(entry.row) => None,
        Some(destination) => Some(bind_destination(destination, Some(entry.row))),
        None => Some(new_destination(
            did,
            entry.row,
            entry.domain.uuid.uuid(),
            &format!("{} XML {}", extension.as_str(), entry.domain.name),
            &entry.description,
        )),
    }
}

/// What the description of a destination that we have made begins with, and by which it is known again.
const MADE_BY_US: &str = "voice-ai";

pub(crate) fn is_made_by_us(destination: &Destination) -> bool {
    destination
        .description
        .as_deref()
        .is_some_and(|description| description.starts_with(MADE_BY_US))
}

/// A destination that leads to a row, with what the editor of destinations makes the row of again. The prefix is empty and not NULL where
/// there is none: else the number would not be found with its `+`.
pub(crate) fn new_destination(did: &Did, row: Uuid, domain: Uuid, to: &str, description: &str) -> Change {
    let description = if description.starts_with(MADE_BY_US) {
        description.to_owned()
    } else {
        format!("{MADE_BY_US}: {description}")
    };
    insert(
        Table::Destinations,
        Uuid::new_v4(),
        columns([
            ("domain_uuid", json!(domain)),
            ("dialplan_uuid", json!(row)),
            ("destination_type", json!("inbound")),
            ("destination_prefix", json!(did.prefix())),
            ("destination_number", json!(did.number())),
            (
                "destination_number_regex",
                json!(format!(r"^\+?({})$", did.whole())),
            ),
            ("destination_context", json!("public")),
            (
                "destination_actions",
                json!([{"destination_app": "transfer", "destination_data": to}]),
            ),
            ("destination_order", json!(super::entry::DID_ORDER)),
            ("destination_enabled", json!("true")),
            ("destination_description", json!(description)),
        ]),
    )
}
