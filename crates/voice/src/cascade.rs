//! The local engine: voice activity and turns from the call, then speech to text, a brain, text to speech.
//!
//! `answers` knows which answer is under way and which wait, `hearing` which samples are of which turn; both are pure.
//! `session` drives them, `listening` and `speaking` own the tasks of a transcription and of a clause's audio.

mod answers;
mod hearing;
mod hint;
mod listening;
mod sentences;
mod session;
mod speaking;

use crate::brain::Brain;
use crate::engine::{ConnectError, Engine, Session, Setup};
use crate::stt::{LiveTranscriber, Transcriber};
use crate::tts::{Prompts, Synthesizer};
use call::{By, Capabilities};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::Arc;

/// The engine `local`, and others of its make: what is said and decided comes from three replaceable parts, none of which needs a network.
#[derive(Clone)]
pub struct Cascade {
    name: Arc<str>,
    transcriber: Option<Arc<dyn Transcriber>>,
    live: Option<Arc<dyn LiveTranscriber>>,
    synthesizer: Arc<dyn Synthesizer>,
    prompts: Arc<Prompts>,
    brain: Arc<dyn Brain>,
}

impl Cascade {
    /// An engine of these parts. Without a transcriber the brain is told [`crate::brain::Stimulus::Unheard`] for every
    /// turn. `prompts` must be of the same `synthesizer`; it holds the texts that the call itself says.
    pub fn new(
        transcriber: Option<Arc<dyn Transcriber>>,
        synthesizer: Arc<dyn Synthesizer>,
        prompts: Arc<Prompts>,
        brain: Arc<dyn Brain>,
    ) -> Self {
        Self {
            name: "local".into(),
            transcriber,
            live: None,
            synthesizer,
            prompts,
            brain,
        }
    }
}

impl Cascade {
    /// The same, whose words are found while they are spoken. The transcriber, where there is one, finds those of a turn that this
    /// one fails at.
    #[must_use]
    pub fn with_live(self, live: Arc<dyn LiveTranscriber>) -> Self {
        Self {
            live: Some(live),
            ..self
        }
    }

    /// The same under the operator's name for it.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }
}

impl Engine for Cascade {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Call,
            interruptions: By::Call,
            verbatim: true,
            truncation: true,
        }
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let session: Box<dyn Session> = Box::new(session::Local::new(self, &setup));
        ready(Ok(session)).boxed()
    }
}
