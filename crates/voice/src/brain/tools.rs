//! The names of the tools that a brain knows by meaning; others it merely passes on.

/// Hands the call to somebody: `{destination}`.
pub(crate) const TRANSFER_CALL: &str = "transfer_call";
/// Writes a message down: the fields that were found out.
pub(crate) const TAKE_MESSAGE: &str = "take_message";
/// Ends the call once the last words are heard.
pub(crate) const END_CALL: &str = "end_call";
