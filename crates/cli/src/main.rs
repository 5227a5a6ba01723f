//! `voice-ai`: the command of voice-ai-ivr.
#![forbid(unsafe_code)]

fn main() {}
