//! Whom a transfer goes to, and whom else a tool is about: one of the secretary's destinations, and somebody must be there.

use crate::pbx::Target;
use call::ToolRequest;
use jiff::Timestamp;
use secretary::{
    Destination, DestinationKind, Directory, Found, HoursError, Opening, Secretary, spoken_opening,
};
use serde_json::Value;

/// Why nobody gets the call. The engine is told so in these words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransferError {
    #[error(
        "several are called like that: {names}. Ask the caller which of them, then call {tool} with that name"
    )]
    Which { names: String, tool: String },
    #[error(
        "nobody is there: {name} opens {opens}. Do not hand the call over; tell the caller when it opens, and offer to take a message"
    )]
    Closed { name: String, opens: String },
    #[error(
        "nobody is there: {name} is closed. Do not hand the call over; tell the caller, and offer to take a message"
    )]
    ClosedForLong { name: String },
    #[error("nobody is called like that. Did the caller mean {nearest}? Ask. All names: {names}")]
    Like { nearest: String, names: String },
    #[error("nobody is called like that. Ask the caller whom to put them through to; there are {names}")]
    Nobody { names: String },
    #[error(
        "there is nobody here to whom the caller could be handed over. Tell them so, and offer to take a message"
    )]
    NoDestinations,
    #[error("{name} has no mailbox: it is no person's extension. Offer to take a message instead")]
    NoMailbox { name: String },
    #[error("{tool} needs a destination: give {{\"destination\": \"a name or number of the secretary's\"}}")]
    Nameless { tool: String },
    #[error("the secretary's hours cannot be read: {0}; offer to take a message")]
    Hours(#[from] HoursError),
}

/// The destination that the caller means and that takes calls at `now`.
pub(crate) fn present(
    secretary: &Secretary,
    request: &ToolRequest,
    now: Timestamp,
) -> Result<Destination, TransferError> {
    let directory = Directory::new(secretary)?;
    let destination = meant(&directory, request)?;
    open(&directory, destination, secretary, now)?;
    Ok(destination.clone())
}

/// The destination that the caller means and that has a mailbox, at whatever hour.
pub(crate) fn with_mailbox(
    secretary: &Secretary,
    request: &ToolRequest,
) -> Result<Destination, TransferError> {
    let directory = Directory::new(secretary)?;
    let destination = meant(&directory, request)?;
    match has_mailbox(destination.kind) {
        true => Ok(destination.clone()),
        false => Err(TransferError::NoMailbox {
            name: destination.name.clone(),
        }),
    }
}

const fn has_mailbox(kind: DestinationKind) -> bool {
    match kind {
        DestinationKind::Extension | DestinationKind::Voicemail => true,
        DestinationKind::RingGroup
        | DestinationKind::Queue
        | DestinationKind::Ivr
        | DestinationKind::External => false,
    }
}

fn spoken(request: &ToolRequest) -> Result<&str, TransferError> {
    let spoken = request.arguments.get("destination").and_then(Value::as_str);
    match spoken.map(str::trim) {
        Some(spoken) if !spoken.is_empty() => Ok(spoken),
        _ => Err(TransferError::Nameless {
            tool: request.name.clone(),
        }),
    }
}

/// Whom the tool is about. What is said is looked up and never dialled: a caller may talk an engine into any number.
fn meant<'a>(directory: &'a Directory, request: &ToolRequest) -> Result<&'a Destination, TransferError> {
    let spoken = spoken(request)?;
    if directory.is_empty() {
        return Err(TransferError::NoDestinations);
    }
    let found = match directory.named(spoken) {
        Some(destination) => Found::One(destination),
        None => directory.find(spoken),
    };
    match found {
        Found::One(destination) => Ok(destination),
        Found::Several(several) => Err(TransferError::Which {
            names: listed(several),
            tool: request.name.clone(),
        }),
        Found::Nobody { nearest } => {
            let names = listed(directory.all());
            Err(match nearest.is_empty() {
                true => TransferError::Nobody { names },
                false => TransferError::Like {
                    nearest: listed(nearest),
                    names,
                },
            })
        }
    }
}

fn open(
    directory: &Directory,
    destination: &Destination,
    secretary: &Secretary,
    now: Timestamp,
) -> Result<(), TransferError> {
    let name = destination.name.clone();
    match directory.opening(destination, now) {
        Opening::Open => Ok(()),
        Opening::Closed { opens: None } => Err(TransferError::ClosedForLong { name }),
        Opening::Closed { opens: Some(opens) } => Err(TransferError::Closed {
            name,
            opens: spoken_opening(secretary.language, now, &opens),
        }),
    }
}

fn listed<'a>(destinations: impl IntoIterator<Item = &'a Destination>) -> String {
    let names: Vec<&str> = destinations.into_iter().map(|d| d.name.as_str()).collect();
    names.join(", ")
}

/// Whom a transfer goes to: with the number of the destination of that name (or of that number), where there is one.
pub(crate) fn target<'a>(
    secretary: &'a Secretary,
    destination: &'a str,
    announcement: Option<&'a str>,
) -> Target<'a> {
    let known = secretary
        .destinations
        .iter()
        .find(|known| known.name == destination || known.number == destination);
    Target {
        destination: known.map_or(destination, |known| &known.name),
        number: known.map(|known| known.number.as_str()),
        kind: known.map(|known| known.kind),
        announcement,
    }
}

/// Whose mailbox a caller goes to: as [`target`], but for the mailbox alone.
pub(crate) fn mailbox<'a>(secretary: &'a Secretary, destination: &'a str) -> Target<'a> {
    Target {
        kind: Some(DestinationKind::Voicemail),
        ..target(secretary, destination, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::ToolCallId;
    use secretary::SAMPLE_DOMAIN;

    /// A sample with these destinations and hours.
    fn secretary(toml: &str) -> Secretary {
        let snapshot = secretary::Snapshot::embedded().unwrap();
        let sample = &snapshot.domain(SAMPLE_DOMAIN).unwrap().secretaries["isp"];
        let mut secretary = Secretary::clone(sample);
        let Part { hours, destinations } = toml::from_str(toml).unwrap();
        (secretary.hours, secretary.destinations) = (hours, destinations);
        secretary
    }

    #[derive(serde::Deserialize)]
    struct Part {
        hours: Option<secretary::Hours>,
        #[serde(default)]
        destinations: Vec<Destination>,
    }

    const COMPANY: &str = r#"
        hours = { timezone = "America/New_York", week = { weekdays = ["08:00-18:00"] } }
        [[destinations]]
        name = "Billing"
        number = "2001"
        kind = "queue"
        [[destinations]]
        name = "Jenny Cole"
        number = "3001"
        [[destinations]]
        name = "Jenny Hart"
        number = "3002"
        hours = { timezone = "America/New_York", week = {} }
    "#;

    /// A Tuesday morning there, and the Sunday before.
    const OPEN: &str = "2026-03-10T13:30:00Z";
    const CLOSED: &str = "2026-03-08T13:30:00Z";

    fn request(tool: &str, destination: &str) -> ToolRequest {
        ToolRequest {
            id: ToolCallId("1".into()),
            name: tool.into(),
            arguments: serde_json::json!({ "destination": destination }),
        }
    }

    fn asked(secretary: &Secretary, destination: &str, now: &str) -> Result<String, String> {
        let request = request("transfer_call", destination);
        present(secretary, &request, now.parse().unwrap())
            .map(|meant| meant.name)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_as_it_was_said_or_a_number_finds_the_destination() {
        let secretary = secretary(COMPANY);
        for said in ["the biling department", "Billing", "2001", " BILLING "] {
            assert_eq!(asked(&secretary, said, OPEN).as_deref(), Ok("Billing"), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_told_with_what_would_help() {
        let secretary = secretary(COMPANY);
        for (said, now, words) in [
            ("Jenny", OPEN, ["Jenny Cole, Jenny Hart", "which"]),
            ("  ", OPEN, ["transfer_call needs a destination", "give"]),
            ("billing", CLOSED, ["tomorrow at eight in the morning", "message"]),
            ("Jenny Hart", OPEN, ["Jenny Hart is closed", "message"]),
            ("Jen Cole", OPEN, ["mean Jenny Cole?", "Billing"]),
            (
                "legal",
                OPEN,
                ["nobody is called like that", "Billing, Jenny Cole, Jenny Hart"],
            ),
        ] {
            let why = asked(&secretary, said, now).unwrap_err();
            assert!(words.iter().all(|word| why.contains(word)), "{said}: {why}");
        }
    }

    #[test]
    fn a_secretary_without_destinations_dials_nothing_that_was_said() {
        let secretary = secretary("");
        for said in ["2001", "*33", "00390612345"] {
            let why = asked(&secretary, said, OPEN).unwrap_err();
            assert!(why.contains("nobody here"), "{why}");
            let why = with_mailbox(&secretary, &request("voicemail", said)).unwrap_err();
            assert_eq!(why, TransferError::NoDestinations);
        }
    }

    #[test]
    fn a_mailbox_is_a_persons_and_takes_messages_at_any_hour() {
        let secretary = secretary(COMPANY);
        let asked = |destination| with_mailbox(&secretary, &request("voicemail", destination));
        assert_eq!(
            asked("Jenny Hart").map(|meant| meant.name).as_deref(),
            Ok("Jenny Hart"),
            "she is never there"
        );
        let why = asked("Billing").unwrap_err().to_string();
        assert!(why.contains("Billing has no mailbox"), "{why}");
        let why = asked("Jenny").unwrap_err().to_string();
        assert!(why.contains("call voicemail with that name"), "{why}");
        let target = mailbox(&secretary, "Jenny Hart");
        assert_eq!(
            (target.number, target.kind),
            (Some("3002"), Some(DestinationKind::Voicemail))
        );
    }

    #[test]
    fn the_pbx_is_told_the_number_and_what_it_is() {
        let secretary = secretary(COMPANY);
        for fallback in ["Billing", "2001"] {
            let target = target(&secretary, fallback, None);
            assert_eq!((target.destination, target.number), ("Billing", Some("2001")));
            assert_eq!(target.kind, Some(secretary::DestinationKind::Queue));
        }
    }
}
