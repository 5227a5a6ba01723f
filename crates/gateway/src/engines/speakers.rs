//! Text to speech of the local engine: a Piper voice for each language that has one, else espeak-ng.

use crate::config::TtsConfig;
use audio::SampleRate;
use futures_util::future::BoxFuture;
use secretary::Language;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use voice::tts::{Espeak, EspeakConfig, Piper, PiperError, Speech, Synthesizer, TtsError};

/// What speaks, by language.
pub(super) struct Speakers {
    espeak: Espeak,
    portuguese: Option<Piper>,
    english: Option<Piper>,
}

impl Speakers {
    /// Loads the voices that are configured, each in about a second. All that is wrong with them.
    pub(super) fn load(config: &TtsConfig) -> Result<Arc<Self>, Vec<String>> {
        let espeak = Espeak::new(EspeakConfig {
            program: config.espeak.clone(),
            processes: config.processes as usize,
            // The configuration takes 80 to 450.
            words_per_minute: u16::try_from(config.words_per_minute).unwrap_or(u16::MAX),
            ..EspeakConfig::default()
        });
        let piper = |model: &Path| Piper::load(model, &config.espeak, config.processes as usize);
        let portuguese = config.piper_pt_br.as_deref().map(piper).transpose();
        let english = config.piper_en.as_deref().map(piper).transpose();
        match (portuguese, english) {
            (Ok(portuguese), Ok(english)) => Ok(Arc::new(Self {
                espeak,
                portuguese,
                english,
            })),
            (portuguese, english) => {
                let told = |key: &str, error: PiperError| format!("tts.{key}: {error}");
                let wrong = [
                    portuguese.err().map(|error| told("piper_pt_br", error)),
                    english.err().map(|error| told("piper_en", error)),
                ];
                Err(wrong.into_iter().flatten().collect())
            }
        }
    }

    fn of(&self, language: Language) -> &dyn Synthesizer {
        let piper = match language {
            Language::PtBr => &self.portuguese,
            Language::En => &self.english,
        };
        piper.as_ref().map_or(&self.espeak, |piper| piper)
    }
}

impl Synthesizer for Speakers {
    /// All of them speak at 16 kHz.
    fn rate(&self) -> SampleRate {
        self.espeak.rate()
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<(), TtsError>> {
        self.of(speech.language).speak(speech, out)
    }
}
