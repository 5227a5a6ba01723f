//! Sound of a phone call, as arithmetic: frames, G.711, resampling, voice activity, end of turn, playout.
//!
//! Nothing here knows a socket, a task or the time of day. Inside the gateway audio is mono `i16` in frames
//! of 20 ms with an explicit [`SampleRate`]; it is converted once at each border. Where time matters
//! ([`Playout`]), the instant is an argument.
#![forbid(unsafe_code)]

mod clock;
mod ear;
mod echo;
mod framer;
pub mod g711;
mod mel;
mod network;
mod playout;
mod rate;
mod resample;
mod silero;
mod turn;

pub use ear::{Ear, Edge};
pub use echo::{EchoCanceller, Return};
pub use framer::{Framer, Layout};
pub use playout::{Played, Playout};
pub use rate::{RateError, SampleRate};
pub use resample::Resampler;
pub use silero::EarModel;
pub use turn::TurnModel;
