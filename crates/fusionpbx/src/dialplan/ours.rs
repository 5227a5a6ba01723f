//! Which rows are ours, and what they are about.

use super::context::{domain_named, is_public};
use super::entry::{APP_UUID, only_number};
use super::meaning::{Action, Meaning, Test};
use super::plan::destinations_of;
use super::{editor, hostname, is_stream, read, read_one};
use crate::{DatabaseFacts, Destination, DialplanRow, Domain, Facts};
use freeswitch::SCRIPT_NAME;
use uuid::Uuid;

/// How our rows are called, and the one that only has a similar name (docs/freeswitch.md).
const NAME: &str = "voice_secretary";
const NOT_OURS: &str = "voice_secretary_fallback";

/// Whether a row is ours, or one that somebody made for us by hand: by its app, or by what it does with calls, or by its name where it
/// holds nothing at all. Whose `app_uuid` a row has else tells nothing: FusionPBX's editor gives rows its own.
pub fn is_ours(row: &DialplanRow) -> bool {
    if row.app == Some(APP_UUID) {
        return true;
    }
    let xml = row.xml.as_deref().unwrap_or_default().trim();
    if xml.is_empty() && row.details.is_empty() {
        return row.name.starts_with(NAME) && !row.name.starts_with(NOT_OURS);
    }
    match read(xml) {
        Ok(reading) => {
            let by_xml = |meaning: &Meaning| carries_to_us(&meaning.actions().collect::<Vec<_>>());
            reading.extensions.iter().any(by_xml) || is_ours_by_details(row)
        }
        // As FusionPBX writes it.
        Err(_) => {
            xml.contains(&format!("application=\"lua\" data=\"{SCRIPT_NAME}\"")) || is_ours_by_details(row)
        }
    }
}

fn is_ours_by_details(row: &DialplanRow) -> bool {
    let actions: Vec<_> = row
        .details
        .iter()
        .filter(|detail| detail.tag == "action")
        .map(|detail| Action::new(&detail.kind, &detail.data))
        .collect();
    carries_to_us(&actions.iter().collect::<Vec<_>>())
}

/// Whether actions carry a call to the service, or are meant to as in the published guide.
fn carries_to_us(actions: &[&Action]) -> bool {
    let parked = || {
        actions.iter().any(|action| action.application == "park")
            && actions
                .iter()
                .any(|action| action.variable() == Some(("voice_ai", "true")))
    };
    let handed_over = |action: &&Action| action.application == "lua" && action.data.trim() == SCRIPT_NAME;
    actions
        .iter()
        .any(|action| handed_over(action) || is_stream_to_us(action))
        || parked()
}

/// Whether an action is the one that the published guide warns of: `audio_stream ws://HOST:PORT/ws/${domain_uuid}/…`.
fn is_stream_to_us(action: &Action) -> bool {
    let Some((_, address)) = action.data.split_once("://").filter(|_| is_stream(action)) else {
        return false;
    };
    let mut parts = address.split('/').skip(1);
    let (path, domain) = (parts.next(), parts.next());
    let is_domain = |text: &str| text == "${domain_uuid}" || text.parse::<Uuid>().is_ok();
    matches!(path, Some("ws" | "stream")) && domain.is_some_and(is_domain)
}

/// Whether a row is another machine's of a cluster: it is right as it is, and none of ours here. Where FreeSWITCH does not tell how it is
/// called, all rows for a machine by name are taken for others'.
pub fn is_of_another_host(row: &DialplanRow, facts: &Facts) -> bool {
    let named = row.hostname.as_deref().filter(|name| !name.is_empty());
    named.is_some_and(|name| Some(name) != hostname(facts))
}

/// What carries a call of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// `lua voice_secretary.lua`.
    Script,
    /// `park`, with `voice_ai=true`.
    Park,
    /// `transfer`, to an extension of the domain.
    Transfer,
}

impl Carrier {
    /// What an action is in this respect.
    pub fn of(action: &Action) -> Option<Self> {
        match action.application.as_str() {
            "lua" if action.data.split(' ').next() == Some(SCRIPT_NAME) => Some(Self::Script),
            "park" => Some(Self::Park),
            "transfer" => Some(Self::Transfer),
            _ => None,
        }
    }
}

/// What a row does with its calls in the end.
pub fn carrier(meaning: &Meaning) -> Option<Carrier> {
    meaning.actions().find_map(Carrier::of)
}

/// What a row means: by its XML, or by what the editor would make of its details where that is no XML.
pub(crate) fn meaning_of(row: &DialplanRow, facts: &DatabaseFacts) -> Option<Meaning> {
    let by_xml = row.xml.as_deref().and_then(|xml| read_one(xml).ok());
    by_xml.or_else(|| by_details(row, facts))
}

/// What the editor would make of a row.
pub(crate) fn by_details(row: &DialplanRow, facts: &DatabaseFacts) -> Option<Meaning> {
    read_one(&editor(row, &facts.domains)?).ok()
}

/// The number that a row is for.
pub fn number_of(row: &DialplanRow, facts: &DatabaseFacts) -> Option<String> {
    let by_meaning = meaning_of(row, facts).and_then(|meaning| asked_for(&meaning));
    by_meaning.or_else(|| row.number.clone().filter(|number| !number.is_empty()))
}

/// The one number that the conditions ask for.
pub(crate) fn asked_for(meaning: &Meaning) -> Option<String> {
    meaning
        .conditions
        .iter()
        .find_map(|condition| match &condition.test {
            Test::Field(test) if test.field == "destination_number" => only_number(&test.expression),
            _ => None,
        })
}

/// Whose a row's calls are: only the context decides.
pub fn domain_by_context<'a>(row: &DialplanRow, facts: &'a DatabaseFacts) -> Option<&'a Domain> {
    domain_named(facts, &row.context)
}

/// Whose a row says that it is.
pub fn domain_by_column<'a>(row: &DialplanRow, facts: &'a DatabaseFacts) -> Option<&'a Domain> {
    facts
        .domains
        .iter()
        .find(|domain| Some(domain.uuid.uuid()) == row.domain)
}

/// Whose a row's variables say that it is.
pub(crate) fn domain_by_variable<'a>(row: &DialplanRow, facts: &'a DatabaseFacts) -> Option<&'a Domain> {
    let meaning = meaning_of(row, facts)?;
    let said = meaning.variable_before(|action| Carrier::of(action).is_some(), "domain_uuid")?;
    facts
        .domains
        .iter()
        .find(|domain| domain.uuid.to_string() == said)
}

/// The rows that carry calls to a secretary: on an extension.
pub fn secretary_rows(facts: &DatabaseFacts) -> impl Iterator<Item = &DialplanRow> {
    facts
        .dialplans
        .iter()
        .filter(|row| is_ours(row) && !is_did(row, facts))
}

/// The rows that lead calls from outside to a secretary's extension, ours and those of FusionPBX's own page alike.
pub fn did_rows(facts: &DatabaseFacts) -> impl Iterator<Item = &DialplanRow> {
    facts.dialplans.iter().filter(|row| is_did(row, facts))
}

/// Whether a row leads calls from outside to a secretary's extension.
pub(crate) fn is_did(row: &DialplanRow, facts: &DatabaseFacts) -> bool {
    if !is_public(&row.context) {
        return false;
    }
    let Some(meaning) = meaning_of(row, facts) else {
        return false;
    };
    if carrier(&meaning) != Some(Carrier::Transfer) {
        return false;
    }
    row.app == Some(APP_UUID) || meaning.actions().any(|action| leads_to_us(action, facts))
}

/// The longest extension of FusionPBX's own pages; a longer number is one from outside.
const EXTENSION: usize = 6;

/// Whether a row of a public context is for a number from outside, and not for an extension that got there: a destination names it, or its
/// number is none that phones of a domain have.
pub(crate) fn is_from_outside(row: &DialplanRow, facts: &DatabaseFacts) -> bool {
    let leads_here = |destination: &Destination| destination.dialplan == Some(row.uuid);
    if !is_public(&row.context) || facts.destinations.iter().any(leads_here) {
        return is_public(&row.context);
    }
    number_of(row, facts).is_none_or(|number| {
        let is_long = number.starts_with('+') || number.len() > EXTENSION;
        is_long || destinations_of(&number, facts).next().is_some()
    })
}

/// The row that answers the calls of one that is switched off: another of ours for the same number in the same context.
pub(crate) fn answered_by<'a>(row: &DialplanRow, facts: &'a DatabaseFacts) -> Option<&'a DialplanRow> {
    let number = number_of(row, facts)?;
    facts.dialplans.iter().find(|other| {
        let is_near = other.uuid != row.uuid && other.enabled && other.context == row.context;
        is_near
            && (is_ours(other) || is_did(other, facts))
            && number_of(other, facts).as_deref() == Some(&number)
    })
}

fn leads_to_us(action: &Action, facts: &DatabaseFacts) -> bool {
    if action.application != "transfer" {
        return false;
    }
    let mut words = action.data.split(' ');
    let (number, _, context) = (words.next(), words.next(), words.next());
    facts.dialplans.iter().any(|row| {
        Some(row.context.as_str()) == context
            && is_ours(row)
            && !is_public(&row.context)
            && number_of(row, facts).as_deref() == number
    })
}
