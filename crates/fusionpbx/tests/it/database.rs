//! FusionPBX's database of both versions: what is read of it, and what is said where it cannot be.

mod connecting;
mod facts;
