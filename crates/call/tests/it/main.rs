//! Every rule of conversation, through the public face and in virtual time.
#![allow(
    clippy::unwrap_used,
    reason = "the functions of the bench belong to the tests, which fail by it"
)]

mod announcing;
mod arbitrary;
mod barge_in;
mod bench;
mod conversations;
mod detach;
mod ending;
mod engine_turns;
mod failing_over;
mod failure;
mod greeting;
mod heard_text;
mod hold;
mod keys;
mod late_audio;
mod log;
mod logged;
mod masks;
mod observer;
mod operator;
mod orders;
mod outputs;
mod silence;
mod told_transfer;
mod tools;
mod transfer;
mod turn;
mod world;
