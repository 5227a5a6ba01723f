//! The local engine: voice activity and turns from the call, then speech to text, a brain, text to speech.
