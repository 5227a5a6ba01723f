//! The speech engines through their public face.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

mod cascade;
mod conversation;
mod deepgram;
mod echo;
mod elevenlabs;
mod gemini;
mod llm;
mod loopback;
mod models;
mod node;
mod official;
mod openai;
mod relay;
mod rig;
mod script;
mod stt;
mod tts;
mod ultravox;

/// Held by a test that has Whisper at work: side by side on two cores they would run into its time limit.
static WHISPER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
