//! The picture of a call.
