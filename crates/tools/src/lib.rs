//! What an engine may use beyond the PBX: HTTP requests that a secretary's file declares, and tools of MCP servers.
//!
//! An engine is talked into things by callers, and what it asks for is not to be trusted: arguments are held against their schema, and
//! stand in a request where they can do no harm; requests reach no private address unless the operator wants it ([`Reach`]); what comes
//! back is text of a bounded length. What went wrong is told to the engine in words ([`ToolError`]), to the operator by its kind.
#![forbid(unsafe_code)]

mod error;
pub mod http;
pub mod mcp;
mod reach;
mod secret;
mod told;

pub use error::{ToolError, Trouble};
pub use reach::{OutOfReach, Reach};
pub use secret::{SecretError, resolve};
