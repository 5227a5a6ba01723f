//! What a tenant configures: domains, their secretaries, and the snapshot that a call holds.
//!
//! No socket and no task here: a [`Snapshot`] is immutable and is replaced whole by its source.
#![forbid(unsafe_code)]

mod destination;
mod directory;
mod draft;
mod engines;
mod error;
mod fold;
mod folder;
mod hours;
mod http_tool;
mod id;
mod instructions;
mod json;
mod keys;
mod load;
mod parse;
mod profile;
mod samples;
mod source;
mod template;

pub use destination::{Destination, DestinationKind};
pub use directory::{Directory, Found};
pub use draft::{Draft, DraftHours};
pub use engines::Engines;
pub use error::{Fault, LanguageError, SnapshotError};
pub use fold::{field_suggestion, folded, suggestion};
pub use folder::Folder;
pub use hours::{Calendar, Hours, HoursError, Opening, Week, spoken_opening};
pub use http_tool::{Given, HttpTool, McpTools, McpToolsError, Method};
pub use id::{CallUuid, DomainUuid, IdError, SecretaryUuid};
pub use load::DomainEntry;
pub use profile::{Greeting, Language, Limits, Phrases, Privacy, Recording, Secretary, Tool};
pub use samples::{SAMPLE_DEFAULT, SAMPLE_DOMAIN, SAMPLE_DOMAIN_NAME};
pub use source::{Domain, Reloading, SecretarySource, Snapshot};
pub use template::{Part, Template, TemplateError};
