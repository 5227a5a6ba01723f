//! The command as its user meets it.

mod server;
