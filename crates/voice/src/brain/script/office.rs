//! What of a script is the secretary's: facts, hours, destinations, and which values are for nobody else.

use super::check::Fault;
use super::format::{File, Name, Step};
use jiff::Timestamp;
use secretary::{Calendar, Directory, HoursError, Opening, Secretary, Tool, suggestion};
use std::sync::Arc;

/// The fields of a message that are kept under their own names, whether a script has a slot for them or not.
const FIELDS: [&str; 4] = ["name", "number", "message", "for"];

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

    /// Whether calls may be handed over at all; if not, nobody is asked for.
    pub(super) fn transfers(&self) -> bool {
        self.secretary.tools.contains(&Tool::TransferCall)
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

/// Checks that what a script takes from its secretary is there, that it does nothing which the secretary may not, and that what the
/// secretary keeps private is what the script asks for.
pub(super) fn check(file: &File, secretary: &Secretary) -> Result<(), Fault> {
    check_language(file, secretary)?;
    check_sensitive(file, secretary)?;
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

fn check_language(file: &File, secretary: &Secretary) -> Result<(), Fault> {
    let (own, spoken) = (file.language.tag(), secretary.language.tag());
    if own == spoken {
        return Ok(());
    }
    Err(Fault::of_file(
        format!(
            "the script is in {own}, and the secretary {:?} speaks {spoken}",
            secretary.name
        ),
        format!(
            "set language: {spoken} in the script and write its texts so, or language = {own:?} in the secretary's file"
        ),
    ))
}

/// A name that is nowhere would mask nothing.
fn check_sensitive(file: &File, secretary: &Secretary) -> Result<(), Fault> {
    let own = file.slots.keys().map(String::as_str);
    let names: Vec<&str> = own
        .chain(
            FIELDS
                .into_iter()
                .filter(|field| !file.slots.contains_key(*field)),
        )
        .collect();
    // As they are masked: case is no matter.
    let is_known = |name: &&String| {
        names
            .iter()
            .any(|known| known.to_lowercase() == name.to_lowercase())
    };
    match secretary.privacy.sensitive.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => Err(Fault::of_file(
            format!(
                "the secretary {:?} has the sensitive value {name:?}, which is no slot of the script",
                secretary.name
            ),
            format!(
                "{}, or take it out of privacy.sensitive of the secretary's file",
                suggestion(name, &names)
            ),
        )),
    }
}

fn allowed(tool: Tool, at: Option<&Name>, secretary: &Secretary) -> Result<(), Fault> {
    if secretary.tools.contains(&tool) {
        return Ok(());
    }
    let name = tool.name();
    let step = match tool {
        Tool::TransferCall | Tool::TransferAnnounced => "transfer",
        Tool::TakeMessage => "message",
        Tool::EndCall => "end",
        Tool::Voicemail => "voicemail",
        Tool::CheckExtensionAvailable => "check",
        Tool::HoldCall => "hold",
        Tool::ResumeCall => "resume",
        Tool::SendDtmf => "keys",
        Tool::RecordCall => "record",
    };
    let problem = format!(
        "the step `{step}` needs the tool {name:?}, which the secretary {:?} has not",
        secretary.name
    );
    let remedy = format!("leave the step out, or write {name:?} into tools of the secretary's file");
    Err(match at {
        Some(at) => Fault::new(at, problem, remedy),
        None => Fault::of_file(problem, remedy),
    })
}

fn check_step(step: &Step, secretary: &Secretary) -> Result<(), Fault> {
    let all = |steps: &[Step]| steps.iter().try_for_each(|step| check_step(step, secretary));
    match step {
        Step::Info(fact) => {
            let names: Vec<&str> = secretary.facts.keys().map(String::as_str).collect();
            known("fact", "[facts]", fact, &names, secretary)
        }
        Step::Transfer(transfer) => {
            let tool = match transfer.announce {
                Some(_) => Tool::TransferAnnounced,
                None => Tool::TransferCall,
            };
            destination(tool, &transfer.to, secretary)?;
            all(&transfer.otherwise)
        }
        Step::Voicemail(voicemail) => {
            destination(Tool::Voicemail, &voicemail.to, secretary)?;
            all(&voicemail.otherwise)
        }
        Step::Check(availability) => {
            destination(Tool::CheckExtensionAvailable, &availability.to, secretary)?;
            all(&availability.free).and_then(|()| all(&availability.otherwise))
        }
        Step::Hold(_) => allowed(Tool::HoldCall, None, secretary),
        Step::Resume => allowed(Tool::ResumeCall, None, secretary),
        Step::Keys(keys) => allowed(Tool::SendDtmf, Some(keys), secretary),
        Step::Record(_) => allowed(Tool::RecordCall, None, secretary),
        Step::Confirm(confirm) => all(&confirm.yes).and_then(|()| all(&confirm.no)),
        Step::Hours(branches) => all(&branches.open).and_then(|()| all(&branches.closed)),
        Step::Message(message) => {
            allowed(Tool::TakeMessage, message.slots.first(), secretary)?;
            all(&message.otherwise)
        }
        // Its texts have no place in the file.
        Step::End(_) => allowed(Tool::EndCall, None, secretary),
        Step::Say(_) | Step::Ask(_) | Step::Go(_) | Step::Flow(_) | Step::Repeat | Step::Menu => Ok(()),
    }
}

/// Whether the tool may be used, for a destination that there is.
fn destination(tool: Tool, name: &Name, secretary: &Secretary) -> Result<(), Fault> {
    allowed(tool, Some(name), secretary)?;
    let names: Vec<&str> = secretary.destinations.iter().map(|d| d.name.as_str()).collect();
    // Without any destination names are left to the PBX.
    if names.is_empty() {
        return Ok(());
    }
    known("destination", "[[destinations]]", name, &names, secretary)
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
