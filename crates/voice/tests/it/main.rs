//! The speech engines through their public face.

mod loopback;
mod tts;
mod stt;
