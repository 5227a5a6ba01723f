//! What a call leaves as files.
#![cfg(test)]

mod files;
mod format;
mod opus;
mod parting;
mod timeline;
