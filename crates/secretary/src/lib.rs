//! What a tenant configures: domains, their secretaries, and the snapshot that a call holds.
//!
//! No socket and no task here: a [`Snapshot`] is immutable and is replaced whole by its source.
#![forbid(unsafe_code)]

mod id;
mod profile;
mod source;

pub use id::{CallUuid, DomainUuid, IdError, SecretaryUuid};
pub use profile::{Greeting, Language, Limits, Phrases, Secretary, SecretaryError};
pub use source::{Domain, SecretarySource, Snapshot};
