//! Whom an operator means: one of the secretary's destinations, as for the secretary itself.

use super::refusal::ApiError;
use jiff::Timestamp;
use secretary::{Destination, Directory, Found, Opening, Secretary};

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meant {
    /// By the name by which the call goes on.
    pub(super) name: String,
    /// When it opens, where nobody is there now.
    pub(super) closed: Option<String>,
}

/// The destination of that name, alias or number, and whether somebody is there at `now`.
pub(super) fn meant(secretary: &Secretary, wanted: &str, now: Timestamp) -> Result<Meant, ApiError> {
    let wanted = wanted.trim();
    let directory = Directory::new(secretary).map_err(|error| ApiError::Hours(error.to_string()))?;
    let found = match directory.named(wanted) {
        Some(destination) => Found::One(destination),
        None => directory.find(wanted),
    };
    match found {
        Found::One(destination) => Ok(Meant {
            name: destination.name.clone(),
            closed: closed(directory.opening(destination, now)),
        }),
        Found::Several(several) => Err(ApiError::Which {
            wanted: wanted.to_owned(),
            names: listed(several),
        }),
        Found::Nobody { .. } => Err(ApiError::Nobody {
            wanted: wanted.to_owned(),
            names: listed(directory.all()),
        }),
    }
}

fn closed(opening: Opening) -> Option<String> {
    match opening {
        Opening::Open => None,
        Opening::Closed { opens: Some(opens) } => Some(opens.strftime("%Y-%m-%d %H:%M (%Z)").to_string()),
        Opening::Closed { opens: None } => Some("not within a year".to_owned()),
    }
}

fn listed<'a>(destinations: impl IntoIterator<Item = &'a Destination>) -> String {
    let names = destinations
        .into_iter()
        .map(|one| format!("{} ({})", one.name, one.number));
    names.collect::<Vec<_>>().join(", ")
}
