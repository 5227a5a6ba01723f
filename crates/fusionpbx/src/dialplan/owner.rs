//! Who has a number already.

use super::ours::{asked_for, is_ours};
use super::read;
use crate::{DatabaseFacts, DialplanRow, Domain, Text};
use uuid::Uuid;

/// Who has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberOwner {
    /// An extension, a ring group and the like, by what it is called in the database's facts.
    Listed(String),
    /// A row of the dialplan.
    Row {
        /// Which.
        uuid: Uuid,
        /// Its name.
        name: String,
    },
    /// A destination whose calls go elsewhere.
    Destination(String),
}

impl NumberOwner {
    /// The owner, as operators call it.
    pub fn text(&self) -> Text {
        match self {
            Self::Listed(what) => Text::new(what, what_in_portuguese(what)),
            Self::Row { name, .. } => Text::new(
                format!("the dialplan row {name:?}"),
                format!("a linha de dialplan {name:?}"),
            ),
            Self::Destination(number) => Text::new(
                format!("the destination {number}, which leads elsewhere"),
                format!("o destino {number}, que leva a outro lugar"),
            ),
        }
    }
}

/// The names of things with a number, as the survey calls them: the kind, then perhaps the thing's own name.
fn what_in_portuguese(what: &str) -> String {
    const KINDS: &[(&str, &str)] = &[
        ("call center queue", "fila de atendimento"),
        ("call flow", "fluxo de chamadas"),
        ("conference center", "centro de conferências"),
        ("conference", "conferência"),
        ("extension", "ramal"),
        ("fax", "fax"),
        ("IVR menu", "menu de voz (URA)"),
        ("number alias", "número alternativo de ramal"),
        ("queue", "fila"),
        ("ring group", "grupo de toque"),
        ("voicemail", "caixa postal"),
    ];
    KINDS
        .iter()
        .find_map(|(english, portuguese)| {
            let rest = what.strip_prefix(english)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| format!("{portuguese}{rest}"))
        })
        .unwrap_or_else(|| what.to_owned())
}

/// Who has `number` among the numbers of a domain. Rows of ours are no owners: two of them on one number are one too many, and checked.
pub fn owner_of(number: &str, domain: &Domain, facts: &DatabaseFacts) -> Option<NumberOwner> {
    let listed = facts
        .numbers
        .iter()
        .find(|(of, has, _)| *of == domain.uuid.uuid() && has == number)
        .map(|(_, _, what)| NumberOwner::Listed(what.clone()));
    listed.or_else(|| {
        let has_it = |row: &&DialplanRow| {
            let here = row.context == domain.name || super::context::is_everywhere(&row.context);
            here && row.enabled && !is_ours(row) && is_for(row, number)
        };
        let row = facts.dialplans.iter().find(has_it)?;
        Some(NumberOwner::Row {
            uuid: row.uuid,
            name: row.name.clone(),
        })
    })
}

/// Whether a row asks for this number and no other.
fn is_for(row: &DialplanRow, number: &str) -> bool {
    if row.number.as_deref() == Some(number) {
        return true;
    }
    let Some(Ok(reading)) = row.xml.as_deref().map(read) else {
        return false;
    };
    reading
        .extensions
        .iter()
        .any(|meaning| !meaning.continues && asked_for(meaning).as_deref() == Some(number))
}
