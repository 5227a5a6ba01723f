//! Stand-ins for the world around the gateway: a caller on a FreeSWITCH audio module, and voice engines' servers.
//!
//! Used by tests, `voice-ai call` and the benchmarks; never by the server.
//!
//! A [`Call`] is made of a [`Module`] (how FreeSWITCH's audio module cuts and names the audio), a [`Line`] (the codec
//! of the caller's phone) and a script of [`Step`]s. It runs in real time and leaves an [`Account`]: events, figures
//! and both tracks, all as heard at the caller's ear.
#![forbid(unsafe_code)]

mod address;
pub mod bench;
mod caller;
mod clip;
pub mod deepgram;
mod dial;
mod echo;
pub mod elevenlabs;
mod event;
pub mod freeswitch;
pub mod gemini;
mod line;
pub mod llm;
mod manners;
mod measure;
mod module;
pub mod openai;
mod phone;
pub mod picture;
mod playback;
pub mod postgres;
pub mod provider;
mod recording;
mod resample;
mod script;
pub mod service;
pub mod speech;
pub mod transcription;
mod trust;
pub mod ultravox;
mod wire;

pub use address::{AddressError, SAMPLE_DOMAIN, StreamAddress};
pub use caller::{Account, Call};
pub use clip::{Clip, ClipError};
pub use dial::{DialError, dial, dial_trusting, upgrade};
pub use echo::{EchoPath, LineEcho, LineEchoError, Outcome as EchoOutcome, Scene as EchoScene};
pub use event::{BargeIn, Event, Facts, Outcome, Spoken, Summary, What};
pub use line::{Line, LineError};
pub use manners::Manners;
pub use module::{Mix, Module, UnknownName, Uplink};
pub use recording::write_wav;
pub use script::{Act, Step, When};
pub use trust::{Trust, TrustError};
pub use wire::{LatencyParts, Metadata, Role};
