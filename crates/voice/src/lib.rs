//! Speech engines behind one trait, and what they are made of.
//!
//! An [`Engine`] opens one [`Session`] per call. A session hears the caller's audio, takes [`call::EngineCommand`]s and reports
//! [`Event`]s. It never waits for the call: `hear` and `command` return at once, and whatever socket, task or process it has
//! is its own and ends when it is dropped.
#![forbid(unsafe_code)]

pub mod brain;
pub mod cascade;
pub mod deepgram;
pub mod elevenlabs;
pub mod engine;
pub mod gemini;
mod key;
pub mod loopback;
pub mod models;
pub mod openai;
mod realtime;
pub mod relay;
pub mod service;
pub mod stt;
pub mod tts;
pub mod ultravox;
mod usage;

pub use engine::{ConnectError, Engine, Event, Exchange, Session, Setup};
pub use key::ApiKey;
pub use realtime::DoorError;
pub use usage::Usage;
