//! The simulated caller against a scripted server, in virtual time: what it measures is what was done to it.

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
mod picture;
mod playing;
mod responses;
mod uplink;
