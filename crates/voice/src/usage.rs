//! What a provider says that it will charge for.

use std::ops::AddAssign;

/// Tokens (and time) by kind, as a provider counts them. What is read from its cache stands apart, as it is charged less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of text read: instructions, what was said before, results of tools.
    pub text_in: u64,
    /// Tokens of text read from the provider's cache.
    pub text_cached: u64,
    /// Tokens of text written.
    pub text_out: u64,
    /// Tokens of sound heard.
    pub audio_in: u64,
    /// Tokens of sound read from the provider's cache.
    pub audio_cached: u64,
    /// Tokens of sound spoken.
    pub audio_out: u64,
    /// Tokens of sound and text read in order to write down the caller's words.
    pub transcription_in: u64,
    /// Tokens of the caller's words written down.
    pub transcription_out: u64,
    /// Sound written down by a model that is charged by time, in milliseconds.
    pub transcription_ms: u64,
    /// Time of a session that is charged by its length, in milliseconds.
    pub session_ms: u64,
}

impl Usage {
    /// Whether there is nothing to charge.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.text_in += more.text_in;
        self.text_cached += more.text_cached;
        self.text_out += more.text_out;
        self.audio_in += more.audio_in;
        self.audio_cached += more.audio_cached;
        self.audio_out += more.audio_out;
        self.transcription_in += more.transcription_in;
        self.transcription_out += more.transcription_out;
        self.transcription_ms += more.transcription_ms;
        self.session_ms += more.session_ms;
    }
}
