//! Which rows are ours, and what they are about.

use super::context::{domain_named, is_public};
use super::entry::{APP_UUID, only_number};
use super::meaning::{Action, Meaning, Test};
use super::{editor, read_one};
use crate::{DatabaseFacts, DialplanRow, Domain};
use freeswitch::SCRIPT_NAME;

/// What only rows of ours have in their XML or their details.
const MARKS: &[&str] = &[SCRIPT_NAME, "audio_stream", "voice_ai=true", "secretary_uuid="];
/// How our rows are called, and the one that only has a similar name (docs/freeswitch.md).
const NAME: &str = "voice_secretary";
const NOT_OURS: &str = "voice_secretary_fallback";

/// Whether a row is ours, or one that somebody made for us by hand: by its app, or by what only such rows do, or by its name where it
/// holds nothing. Its details may be missing where its XML or its name tells.
pub fn is_ours(row: &DialplanRow) -> bool {
    if row.app == Some(APP_UUID) {
        return true;
    }
    let marked = |text: &str| MARKS.iter().any(|mark| text.contains(mark));
    let xml = row.xml.as_deref().unwrap_or_default();
    let by_details = row
        .details
        .iter()
        .any(|detail| marked(&detail.kind) || marked(&detail.data));
    let empty = xml.trim().is_empty() && row.details.is_empty();
    let named = row.name.starts_with(NAME) && !row.name.starts_with(NOT_OURS);
    marked(xml) || by_details || (empty && named)
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
