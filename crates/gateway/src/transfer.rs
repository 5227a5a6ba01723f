//! Whom a transfer goes to: one of the secretary's destinations, and somebody must be there.

use crate::pbx::Target;
use call::ToolRequest;
use jiff::Timestamp;
use secretary::{Destination, Directory, Found, HoursError, Opening, Secretary, spoken_opening};
use serde_json::Value;

/// The tool by which an engine asks for a transfer.
pub(crate) const TRANSFER_CALL: &str = "transfer_call";

/// Why nobody gets the call. The engine is told so in these words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransferError {
    #[error(
        "several are called like that: {names}. Ask the caller which of them, then call transfer_call with that name"
    )]
    Which { names: String },
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
    #[error("the secretary's hours cannot be read: {0}; offer to take a message")]
    Hours(#[from] HoursError),
}

/// The name of the destination that the caller means and that takes calls at `now`. A secretary without any destination leaves
/// names to the PBX.
pub(crate) fn resolve(
    secretary: &Secretary,
    request: &ToolRequest,
    now: Timestamp,
) -> Result<String, TransferError> {
    let spoken = request.arguments.get("destination").and_then(Value::as_str);
    let spoken = spoken.unwrap_or_default().trim();
    let directory = Directory::new(secretary)?;
    if directory.is_empty() {
        return Ok(spoken.to_owned());
    }
    let meant = match directory.named(spoken) {
        Some(destination) => Found::One(destination),
        None => directory.find(spoken),
    };
    match meant {
        Found::One(destination) => open(&directory, destination, secretary, now),
        Found::Several(several) => Err(TransferError::Which {
            names: listed(several),
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
) -> Result<String, TransferError> {
    let name = destination.name.clone();
    match directory.opening(destination, now) {
        Opening::Open => Ok(name),
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

    fn asked(secretary: &Secretary, destination: &str, now: &str) -> Result<String, String> {
        let request = ToolRequest {
            id: ToolCallId("1".into()),
            name: TRANSFER_CALL.into(),
            arguments: serde_json::json!({ "destination": destination }),
        };
        resolve(secretary, &request, now.parse().unwrap()).map_err(|error| error.to_string())
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
    fn a_secretary_without_destinations_passes_the_name_on() {
        let secretary = secretary("");
        assert_eq!(asked(&secretary, " 2001 ", CLOSED).as_deref(), Ok("2001"));
        let target = target(&secretary, "2001", None);
        assert_eq!(
            (target.destination, target.number, target.kind),
            ("2001", None, None)
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
