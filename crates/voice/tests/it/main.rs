//! The speech engines through their public face.

mod cascade;
mod loopback;
mod tts;
mod stt;
