//! What of a script is the secretary's: facts, hours, destinations, and which values are for nobody else.

use super::check::Fault;
use super::format::{File, Name, Step};
use jiff::Timestamp;
use secretary::{Calendar, Directory, HoursError, Opening, Secretary, suggestion};
use std::sync::Arc;

/// A secretary as its script needs it.
#[derive(Debug, Clone)]
pub(super) struct Office {
    secretary: Arc<Secretary>,
    pub(super) directory: Directory,
    hours: Option<Calendar>,
}

impl Office {
    pub(super) fn new(secretary: Arc<Secretary>) -> Result<Self, HoursError> {
        Ok(Self {
            directory: Directory::new(&secretary)?,
            hours: secretary
                .hours
                .as_ref()
                .map(|hours| hours.calendar())
                .transpose()?,
            secretary,
        })
    }

    /// What is said of a fact; nothing of one that there is not, which [`check`] has refused.
    pub(super) fn fact(&self, name: &str) -> &str {
        self.secretary.facts.get(name).map_or("", String::as_str)
    }

    /// Whether the company is open; always, where it has no hours.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.hours
            .as_ref()
            .is_none_or(|hours| hours.opening(now) == Opening::Open)
    }

    /// Whether the value of a slot is for nobody else.
    pub(super) fn is_sensitive(&self, slot: &str) -> bool {
        self.secretary.privacy.is_sensitive(slot)
    }
}

/// Checks that what a script takes from its secretary is there.
pub(super) fn check(file: &File, secretary: &Secretary) -> Result<(), Fault> {
    let choices = file
        .states
        .values()
        .flat_map(|state| &state.choices)
        .chain(&file.everywhere);
    choices
        .map(|choice| &choice.steps)
        .chain(file.flows.values())
        .chain([&file.fallback, &file.otherwise])
        .flatten()
        .try_for_each(|step| check_step(step, secretary))
}

fn check_step(step: &Step, secretary: &Secretary) -> Result<(), Fault> {
    let all = |steps: &[Step]| steps.iter().try_for_each(|step| check_step(step, secretary));
    match step {
        Step::Info(fact) => {
            let names: Vec<&str> = secretary.facts.keys().map(String::as_str).collect();
            known("fact", "[facts]", fact, &names, secretary)
        }
        Step::Transfer(transfer) => {
            // Without any destination names are left to the PBX.
            let names: Vec<&str> = secretary.destinations.iter().map(|d| d.name.as_str()).collect();
            if !names.is_empty() {
                known("destination", "[[destinations]]", &transfer.to, &names, secretary)?;
            }
            all(&transfer.otherwise)
        }
        Step::Confirm(confirm) => all(&confirm.yes).and_then(|()| all(&confirm.no)),
        Step::Hours(branches) => all(&branches.open).and_then(|()| all(&branches.closed)),
        Step::Message(message) => all(&message.otherwise),
        Step::Say(_)
        | Step::Ask(_)
        | Step::Go(_)
        | Step::Flow(_)
        | Step::End(_)
        | Step::Repeat
        | Step::Menu => Ok(()),
    }
}

fn known(what: &str, table: &str, name: &Name, names: &[&str], secretary: &Secretary) -> Result<(), Fault> {
    if names.contains(&name.value.as_str()) {
        return Ok(());
    }
    let problem = format!(
        "the secretary {:?} has no {what} {:?}",
        secretary.name, name.value
    );
    let remedy = match names.is_empty() {
        true => format!("write it into {table} of the secretary's file"),
        false => format!(
            "{}, or write it into {table} of the secretary's file",
            suggestion(&name.value, names)
        ),
    };
    Err(Fault::new(name, problem, remedy))
}
