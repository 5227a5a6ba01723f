//! What is to change in a row so that one fault is gone, and nothing else.

use super::address::streams_to;
use super::context::{domain_named, is_public};
use super::entry::{Did, ORDERS};
use super::ours::{
    Carrier, answered_by, by_details, carrier, domain_by_column, domain_by_context, domain_by_variable,
    is_did, is_from_outside, is_of_another_host, is_ours, meaning_of, number_of,
};
use super::plan::{destinations_of, hostname, new_destination, written};
use super::rows::{Columns, bind_destination, update};
use super::shadow::shadows;
use super::{APP_UUID, Action, Meaning, Shadow, Takes, keys::stale_keys, read_one};
use crate::{
    Change, ChoiceOfDialplan, Code, DatabaseFacts, Destination, DialplanRow, Domain, Facts, ServiceDomain,
};
use secretary::SecretaryUuid;
use serde_json::json;
use std::collections::BTreeSet;

/// The variables that name a secretary. The name wins over the UUID, as for the service.
const BY_NAME: &str = "voice_ai_secretary";
const BY_UUID: &str = "secretary_uuid";

/// What is to change so that a row has the fault of this code no more. `None` where there is no safe way: what would be right cannot be
/// told from what is there, or belongs to somebody else.
pub fn mend(code: Code, row: &DialplanRow, facts: &Facts) -> Option<Vec<Change>> {
    let database = facts.database.as_ref().ok()?;
    if is_of_another_host(row, facts) || (!is_ours(row) && !is_did(row, database)) {
        return None;
    }
    let mending = Mending { row, facts, database };
    let mut target = row.clone();
    let mut columns = Columns::new();
    let mut set = |column: &str, value| columns.insert(column.to_owned(), value);
    match code {
        Code::DialplanDisabled if !row.enabled && answered_by(row, database).is_none() => {
            target.enabled = true;
            set("dialplan_enabled", json!("true"));
        }
        Code::DialplanContext if is_from_outside(row, database) => return None,
        Code::DialplanContext => {
            let right = domain_by_column(row, database).or_else(|| domain_by_variable(row, database))?;
            target.context.clone_from(&right.name);
            if target.context == row.context {
                return None;
            }
            set("dialplan_context", json!(target.context));
        }
        Code::DialplanDomain => {
            target.domain = Some(mending.domain()?.uuid.uuid());
            if target.domain == row.domain {
                return None;
            }
            set("domain_uuid", json!(target.domain));
        }
        Code::DialplanShadowed => {
            target.order = mending.earlier_order()?;
            set("dialplan_order", json!(target.order));
        }
        Code::DialplanContinue => {
            target.continues = false;
            if row.continues {
                set("dialplan_continue", json!("false"));
            }
            let meaning = row.xml.as_deref().and_then(|xml| read_one(xml).ok());
            if let Some(meaning) = meaning.filter(|meaning| meaning.continues) {
                let meaning = Meaning {
                    continues: false,
                    ..meaning
                };
                set("dialplan_xml", json!(meaning.to_xml(row.uuid).ok()?));
            }
        }
        Code::DialplanHostname if row.hostname.as_deref() == Some("") => {
            target.hostname = None;
            set("hostname", json!(null));
        }
        Code::DialplanAppUuid if row.app.is_none() => {
            target.app = Some(APP_UUID);
            set("app_uuid", json!(APP_UUID));
        }
        Code::DialplanXmlNull | Code::DialplanXmlMalformed => {
            return mending.rewritten(mending.details_or_anew()?);
        }
        Code::DialplanDetailsMissing | Code::DialplanDetailsDiffer => {
            return mending.rewritten(read_one(row.xml.as_deref()?).ok()?);
        }
        Code::DialplanAudioStream => {
            return mending.rewritten(mending.without_stream()?);
        }
        Code::DialplanVariableMissing | Code::DialplanVariableWrong => {
            return mending.rewritten(mending.with_variables(meaning_of(row, database)?)?);
        }
        Code::ScriptAddress => return mending.rewritten(mending.with_address()?),
        Code::DidUnbound => return mending.bound(),
        _ => return None,
    }
    (!columns.is_empty()).then(|| mending.with_keys(vec![update(row, columns)], &target))
}

pub(super) struct Mending<'a> {
    pub(super) row: &'a DialplanRow,
    pub(super) facts: &'a Facts,
    pub(super) database: &'a DatabaseFacts,
}

impl Mending<'_> {
    /// Whose the calls are: by the context, or by where a call from outside is sent.
    pub(super) fn domain(&self) -> Option<&Domain> {
        domain_by_context(self.row, self.database).or_else(|| {
            let to = self.transfer()?;
            domain_named(self.database, to.split(' ').nth(2)?)
        })
    }

    fn service(&self) -> Option<&ServiceDomain> {
        let domain = self.domain()?.uuid;
        self.facts
            .service
            .domains
            .iter()
            .find(|served| served.uuid == domain)
    }

    /// The UUID of the secretary, where there can be no doubt which and it has one.
    pub(super) fn only_uuid(&self) -> Option<SecretaryUuid> {
        match self.service()?.secretaries.as_slice() {
            [one] => one.uuid,
            _ => None,
        }
    }

    /// The variable that names the secretary, and its value, where there can be no doubt which: by the name where there is no UUID.
    fn only_secretary(&self) -> Option<(&'static str, String)> {
        match self.service()?.secretaries.as_slice() {
            [one] => Some(match one.uuid {
                Some(uuid) => (BY_UUID, uuid.to_string()),
                None => (BY_NAME, one.name.clone()),
            }),
            _ => None,
        }
    }

    fn transfer(&self) -> Option<String> {
        let meaning = meaning_of(self.row, self.database)?;
        let transfer = meaning
            .actions()
            .find(|action| action.application == "transfer")?;
        Some(transfer.data.clone())
    }

    fn with_keys(&self, mut changes: Vec<Change>, target: &DialplanRow) -> Vec<Change> {
        let keys: BTreeSet<_> = [self.row, target]
            .into_iter()
            .flat_map(|row| stale_keys(row, self.facts))
            .collect();
        changes.extend(keys.into_iter().map(Change::CacheKey));
        changes
    }

    /// The row with this meaning, in its XML and in its details.
    fn rewritten(&self, meaning: Meaning) -> Option<Vec<Change>> {
        let meaning = Meaning {
            name: self.row.name.clone(),
            ..meaning
        };
        let mut columns = Columns::new();
        let mut changes = written(self.row, &meaning, &mut columns, self.database, self.row).ok()?;
        if !columns.is_empty() {
            changes.insert(0, update(self.row, columns));
        }
        (!changes.is_empty()).then(|| self.with_keys(changes, self.row))
    }

    /// What the details say, or how it would be made today.
    fn details_or_anew(&self) -> Option<Meaning> {
        by_details(self.row, self.database).or_else(|| self.anew())
    }

    /// The API that is no application is replaced by what carries a call, or left out where something carries it. Nothing else goes.
    fn without_stream(&self) -> Option<Meaning> {
        let mut meaning = meaning_of(self.row, self.database)?;
        let named = meaning
            .actions()
            .find_map(|action| self.secretary_in(&action.data));
        let mut carried = carrier(&meaning).is_some();
        let mut carrying = self.carrying(&meaning);
        for condition in &mut meaning.conditions {
            let mut actions = Vec::new();
            for action in condition.actions.drain(..) {
                if !is_stream(&action) {
                    actions.push(action);
                } else if !carried {
                    carried = true;
                    actions.append(&mut carrying);
                }
            }
            condition.actions = actions;
        }
        if !carried {
            return None;
        }
        self.with_variables_or(meaning, named)
    }

    /// A secretary of the domain's that a stream's address names, as old dialplans have it.
    fn secretary_in(&self, text: &str) -> Option<SecretaryUuid> {
        let secretaries = &self.service()?.secretaries;
        text.split(['/', '=', '?', '&', ' '])
            .filter_map(|part| part.parse().ok())
            .find(|uuid| secretaries.iter().any(|secretary| secretary.uuid == Some(*uuid)))
    }

    fn with_variables(&self, meaning: Meaning) -> Option<Meaning> {
        self.with_variables_or(meaning, None)
    }

    /// The variables that a call needs, each with a right value, set before the call is carried.
    fn with_variables_or(&self, mut meaning: Meaning, named: Option<SecretaryUuid>) -> Option<Meaning> {
        if carrier(&meaning) == Some(Carrier::Transfer) {
            return None;
        }
        let is_carrier = |action: &Action| Carrier::of(action).is_some();
        let domain = self.domain()?.uuid.to_string();
        require(&mut meaning, "domain_uuid", &domain, |value| {
            value.contains("${") || value == domain
        });
        let valid = |value: &str| value.contains("${") || self.is_secretary(value);
        let said = [BY_NAME, BY_UUID]
            .into_iter()
            .find_map(|name| Some((name, meaning.variable_before(is_carrier, name)?)));
        if !said.is_some_and(|(_, value)| valid(value)) {
            let named = named.map(|uuid| (BY_UUID, uuid.to_string()));
            let (name, right) = named.or_else(|| self.only_secretary())?;
            let name = if said.is_some_and(|(name, _)| name == BY_NAME) {
                BY_NAME
            } else {
                name
            };
            require(&mut meaning, name, &right, |_| false);
        }
        if carrier(&meaning) == Some(Carrier::Park) {
            require(&mut meaning, "send_silence_when_idle", "0", |value| value == "0");
            require(&mut meaning, "voice_ai", "true", |value| value == "true");
        }
        Some(meaning)
    }

    /// The service's address set before the script is called, in place of one where it is not.
    fn with_address(&self) -> Option<Meaning> {
        let mut meaning = meaning_of(self.row, self.database)?;
        let right = self.url()?;
        if streams_to(&meaning)? == right {
            return None;
        }
        require(&mut meaning, "voice_ai_url", &right, |_| false);
        Some(meaning)
    }

    pub(super) fn is_secretary(&self, value: &str) -> bool {
        let Some(service) = self.service() else {
            return false;
        };
        service.secretaries.iter().any(|secretary| {
            secretary.uuid.is_some_and(|uuid| uuid.to_string() == value)
                || secretary::folded(&secretary.name) == secretary::folded(value)
        })
    }

    /// An order before the rows that take the calls for sure, where none of them is for this number alone. What may take a call, as a
    /// condition of the time does, is somebody's wish and stays before.
    fn earlier_order(&self) -> Option<i64> {
        let number = number_of(self.row, self.database)?;
        if is_public(&self.row.context) {
            return None;
        }
        let place = (self.row.uuid, self.row.order);
        let context = &self.row.context;
        let earlier = shadows(self.database, context, &number, place, hostname(self.facts));
        let (sure, open): (Vec<_>, Vec<_>) =
            earlier.into_iter().partition(|shadow| shadow.takes == Takes::Yes);
        let its_own = |shadow: &Shadow<'_>| number_of(shadow.row, self.database).as_deref() == Some(&number);
        let first = sure.iter().map(|shadow| shadow.row.order).min()?;
        let last_open = open.iter().map(|shadow| shadow.row.order).max();
        if sure.iter().any(its_own) {
            return None;
        }
        // Below 200 too where a pattern of the operator's stands there, but after what sets variables.
        (100..*ORDERS.end())
            .rev()
            .find(|order| *order < first)
            .filter(|order| last_open.is_none_or(|open| open < *order))
    }

    /// A destination that leads to the row.
    fn bound(&self) -> Option<Vec<Change>> {
        let leads_here = |destination: &Destination| destination.dialplan == Some(self.row.uuid);
        if self.database.mode == ChoiceOfDialplan::Multiple
            || self.database.destinations.iter().any(leads_here)
        {
            return None;
        }
        let did = Did::parse(&number_of(self.row, self.database)?).ok()?;
        if let Some(known) = destinations_of(&did.whole(), self.database).next() {
            // One that leads to a row of somebody else is theirs.
            let leads = |row: &DialplanRow| known.dialplan == Some(row.uuid);
            let is_free = !self.database.dialplans.iter().any(leads);
            return is_free
                .then(|| self.with_keys(vec![bind_destination(known, Some(self.row.uuid))], self.row));
        }
        let domain = self
            .row
            .domain
            .or(self.domain().map(|domain| domain.uuid.uuid()))?;
        let destination = new_destination(&did, self.row.uuid, domain, &self.transfer()?, &self.row.name);
        Some(self.with_keys(vec![destination], self.row))
    }
}

/// `audio_stream` is an API (`uuid_audio_stream`), and no application.
pub(crate) fn is_stream(action: &Action) -> bool {
    matches!(action.application.as_str(), "audio_stream" | "uuid_audio_stream")
}

/// Sees to it that a variable is set to a right value before the call is carried: each wrong one is changed, and where there is none one is
/// set first of all that is done in the carrying condition.
fn require(meaning: &mut Meaning, name: &str, right: &str, is_right: impl Fn(&str) -> bool) {
    for action in meaning
        .conditions
        .iter_mut()
        .flat_map(|condition| &mut condition.actions)
    {
        let wrong = action
            .variable()
            .is_some_and(|(set, value)| set == name && !is_right(value));
        if wrong {
            action.data = format!("{name}={right}");
        }
    }
    let is_carrier = |action: &Action| Carrier::of(action).is_some();
    if meaning.variable_before(is_carrier, name).is_some() {
        return;
    }
    let carrying = meaning
        .conditions
        .iter_mut()
        .find(|condition| condition.actions.iter().any(is_carrier));
    if let Some(condition) = carrying {
        let set = Action::new("set", format!("{name}={right}"));
        let late = |action: &Action| !action.inline && action.variable().is_some_and(|(set, _)| set == name);
        let first_carrier = condition.actions.iter().position(is_carrier).unwrap_or_default();
        // One that is set too late moves to the front.
        let mut place = 0;
        condition.actions.retain(|action| {
            let keep = place < first_carrier || !late(action);
            place += 1;
            keep
        });
        condition.actions.insert(0, set);
    }
}
