//! The names of the tools that a brain knows by meaning; others it merely passes on.

/// Hands the call to somebody: `{destination}`.
pub(crate) const TRANSFER_CALL: &str = "transfer_call";
/// Hands the call to somebody who was asked first: `{destination, about}`.
pub(crate) const TRANSFER_ANNOUNCED: &str = "transfer_announced";
/// Hands the call to somebody's mailbox: `{destination}`.
pub(crate) const VOICEMAIL: &str = "voicemail";
/// Finds out whether somebody's phone is free: `{destination}`; the result has `available`.
pub(crate) const CHECK_EXTENSION_AVAILABLE: &str = "check_extension_available";
/// Lets the caller wait with music.
pub(crate) const HOLD_CALL: &str = "hold_call";
/// Ends that.
pub(crate) const RESUME_CALL: &str = "resume_call";
/// Presses keys on the caller's line: `{keys}`.
pub(crate) const SEND_DTMF: &str = "send_dtmf";
/// Begins or ends a recording: `{action}`.
pub(crate) const RECORD_CALL: &str = "record_call";
/// Writes a message down: the fields that were found out.
pub(crate) const TAKE_MESSAGE: &str = "take_message";
/// Ends the call once the last words are heard.
pub(crate) const END_CALL: &str = "end_call";
