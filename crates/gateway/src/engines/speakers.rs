//! Text to speech of the local engine: a Piper voice for each language that has one, else espeak-ng.

use super::files::{TEXT_TO_SPEECH, model_file};
use crate::config::{ModelsConfig, TtsConfig};
use audio::SampleRate;
use futures_util::future::BoxFuture;
use secretary::Language;
use std::sync::Arc;
use tokio::sync::mpsc;
use voice::tts::{Espeak, EspeakConfig, Piper, Speech, Spoken, Synthesizer, TtsError};

/// What speaks, by language.
pub(super) struct Speakers {
    espeak: Espeak,
    portuguese: Option<Piper>,
    english: Option<Piper>,
}

impl Speakers {
    /// Loads the voices that are configured, each in about a second. All that is wrong with them.
    pub(super) fn load(config: &TtsConfig, models: &ModelsConfig) -> Result<Arc<Self>, Vec<String>> {
        let espeak = Espeak::new(EspeakConfig {
            program: config.espeak.clone(),
            processes: config.processes as usize,
            // The configuration takes 80 to 450.
            words_per_minute: u16::try_from(config.words_per_minute).unwrap_or(u16::MAX),
            ..EspeakConfig::default()
        });
        let piper = |key: &str, voice: &str| {
            if voice.is_empty() {
                return Ok(None);
            }
            let file = model_file(key, voice, TEXT_TO_SPEECH, models)?;
            if !file.is_file() && !voice.contains('/') {
                let missing = file.display();
                return Err(format!(
                    "{key}: {missing} is not there; `voice-ai models install {voice}` installs it"
                ));
            }
            Piper::load(&file, &config.espeak, config.processes as usize)
                .map(Some)
                .map_err(|error| format!("{key}: {error}"))
        };
        let portuguese = piper("tts.piper_pt_br", &config.piper_pt_br);
        let english = piper("tts.piper_en", &config.piper_en);
        match (portuguese, english) {
            (Ok(portuguese), Ok(english)) => Ok(Arc::new(Self {
                espeak,
                portuguese,
                english,
            })),
            (portuguese, english) => Err([portuguese.err(), english.err()].into_iter().flatten().collect()),
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

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        self.of(speech.language).speak(speech, out)
    }
}
