//! What differs between providers.

use crate::service::{KeyHeader, Service};
use reqwest::Url;
use secretary::Language;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

/// How a provider is spoken to.
pub(super) trait Wire: Send + Sync {
    /// How it wants its key.
    fn key(&self) -> KeyHeader;

    /// The address, with all that is to be known of the call in its query.
    fn url(&self, service: &Service, model: &str, language: Language, hint: &str) -> Url;

    /// Begins to talk.
    fn talk(&self) -> Box<dyn Talk>;
}

/// One connection's state: what is to be sent, and what the provider's events mean for the present turn.
pub(super) trait Talk: Send {
    /// A turn begins. What of the sound before has not been asked for yet is none of its.
    fn begin(&mut self) -> Option<Message>;

    /// Sound of the turn.
    fn sound(&mut self, samples: &[i16]) -> Message;

    /// Asks for the words of all that was sent.
    fn finalize(&mut self) -> Message;

    /// What keeps an idle connection open, for a provider that closes it otherwise.
    fn keepalive(&self) -> Option<Message> {
        None
    }

    /// What is said before the connection is closed.
    fn goodbye(&self) -> Option<Message> {
        None
    }

    /// What an event means.
    fn read(&mut self, event: &Value) -> Vec<News>;
}

/// What is new of the present turn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum News {
    /// Words of the turn that will not change.
    Final(String),
    /// What follows them sounds like this so far.
    Interim(String),
    /// All that was asked for by the last [`Talk::finalize`] has come.
    Finalized,
    /// The provider reports an error, and the connection is of no use any more. The status is that which HTTP has for it.
    Refused {
        /// The status.
        status: u16,
        /// What the provider says.
        error: Value,
    },
}

/// The phrases of a hint that are short enough: its words and sentences one by one.
pub(super) fn phrases(hint: &str, longest: usize, most: usize) -> impl Iterator<Item = &str> {
    hint.split([',', '.', ':', '?', '!'])
        .map(str::trim)
        .filter(move |phrase| !phrase.is_empty() && phrase.chars().count() <= longest)
        .take(most)
}
