//! The dialplan of FusionPBX: what a row is made of, what it means, and which row takes a call.
//!
//! Calls are served from a row's XML; the web editor makes that XML anew from the row's details whenever somebody saves. So each row of ours
//! is written both ways from one [`Entry`], and both are compared by their [`Meaning`], never as text.

mod address;
mod anew;
mod back;
mod breaking;
mod context;
mod editor;
mod entry;
mod handler;
mod keys;
mod meaning;
mod mend;
mod ours;
mod owner;
mod plan;
mod present;
mod reading;
mod refusal;
mod rows;
mod shadow;
mod takes;
mod writing;

pub use address::{USUAL_URL, stream_url};
pub use editor::editor;
pub use entry::{APP_UUID, Did, Entry, EntryLeg, ORDER, Route, SecretaryRoute};
pub use handler::served;
pub use keys::{cache_file_name, stale_keys};
pub use meaning::{Action, Break, Condition, FieldTest, Meaning, Several, Test};
pub use mend::mend;
pub use ours::{
    Carrier, carrier, did_rows, domain_by_column, domain_by_context, is_of_another_host, is_ours, number_of,
    secretary_rows,
};
pub use owner::{NumberOwner, owner_of};
pub use plan::{add, removable, remove};
pub use present::{Present, present};
pub use reading::{Kept, Malformed, Reading, cached, read, read_one};
pub use refusal::Refusal;
pub(crate) use shadow::takes;
pub use shadow::{Shadow, shadow};
pub use takes::Takes;
pub use writing::{Part, Unwritable};

pub(crate) use address::{missed, streams_to};
pub(crate) use anew::parks;
pub(crate) use back::{give_back, leads_to};
pub(crate) use breaking::breaks_context;
pub(crate) use context::{is_everywhere, is_public};
pub(crate) use mend::is_stream;
pub(crate) use ours::{answered_by, by_details, domain_by_variable, is_from_outside};
pub(crate) use plan::{hostname, is_made_by_us};
pub(crate) use rows::columns;
