//! The simulated caller against a scripted server, in virtual time: what it measures is what was done to it. And the fake FreeSWITCH
//! against what the real one said, and against a client that others have written.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

mod barge_in;
mod bench;
mod clips;
mod dialling;
mod endings;
mod fake;
mod freeswitch;
mod picture;
mod playing;
mod responses;
mod uplink;
