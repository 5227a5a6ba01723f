//! What a tenant configures, through the crate's public face.

mod files;
mod snapshot;
