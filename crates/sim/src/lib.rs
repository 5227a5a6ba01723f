//! Stand-ins for the world around the gateway: a caller on a FreeSWITCH audio module, and voice engines' servers.
//!
//! Used by tests, `voice-ai call` and the benchmarks; never by the server.
#![forbid(unsafe_code)]
