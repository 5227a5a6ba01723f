//! Whisper, by whisper.cpp.

use super::frame::{FULL_CONTEXT, RATE, Utterance};
use super::text;
use super::worker::{Cancelled, Recognizer};
use secretary::Language;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState, WhisperTokenId,
};

/// Shorter than this is a click, in samples: 100 ms.
const MIN_SAMPLES: usize = RATE / 10;

/// Quieter than this, as a root mean square of 16-bit samples, is line noise (-56 dBFS).
const MIN_LEVEL: f64 = 50.0;

/// Whisper was trained on 30 s windows; less than a second it takes badly.
const PADDED_SAMPLES: usize = RATE + RATE / 4;

/// A sound shorter than this, 1.5 s, is not worth seconds of work: it is an "uhum" or a single word, somebody who spoke is being
/// held for it, and what loops in it is cut anyway.
const WORTH_SECONDS: usize = RATE + RATE / 2;

/// A Whisper model and its working memory. One utterance at a time.
pub struct Whisper {
    context: WhisperContext,
    state: WhisperState,
    threads: i32,
    /// What each language's utterances have in common. Kept, because whisper-rs 0.16 never frees what the setters of the
    /// language and of the callback allocate.
    parameters: Vec<(Language, FullParams<'static, 'static>)>,
    /// The last hint, and its tokens.
    hint: (Arc<str>, Vec<WhisperTokenId>),
    /// Whether the utterance under way is still wanted.
    cancelled: Arc<Mutex<Cancelled>>,
}

/// A model that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error(
        "{path} cannot be read: {source}; `voice-ai models install whisper-base` installs a model, `voice-ai models list` says where"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no Whisper model, or the memory does not suffice.
    #[error(
        "{path} cannot be loaded as a Whisper model in ggml format ({reason}); `voice-ai models verify` checks it"
    )]
    Model {
        /// The file.
        path: PathBuf,
        /// What whisper.cpp says.
        reason: String,
    },
}

/// What one pass over an utterance gave.
struct Pass {
    text: String,
    /// Whether the text repeats itself, or was cut by the token cap.
    suspicious: bool,
}

impl Whisper {
    /// Loads a ggml file and makes ready for work with that many threads.
    pub fn load(path: &Path, threads: NonZeroUsize) -> Result<Self, LoadError> {
        // To tracing: whisper.cpp would otherwise write to standard error by itself.
        whisper_rs::install_logging_hooks();
        if let Err(source) = std::fs::File::open(path) {
            return Err(LoadError::File {
                path: path.into(),
                source,
            });
        }
        let failed = |error: whisper_rs::WhisperError| LoadError::Model {
            path: path.into(),
            reason: error.to_string(),
        };
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let context = WhisperContext::new_with_params(path, parameters).map_err(failed)?;
        let state = context.create_state().map_err(failed)?;
        Ok(Self {
            context,
            state,
            threads: i32::try_from(threads.get()).unwrap_or(i32::MAX),
            parameters: Vec::new(),
            hint: ("".into(), Vec::new()),
            cancelled: Arc::new(Mutex::new(Cancelled::never())),
        })
    }

    fn pass(&mut self, audio: &[f32], utterance: &Utterance, audio_ctx: u32) -> Result<Pass, String> {
        let cap = max_tokens(utterance.samples.len());
        let mut parameters: FullParams<'_, '_> = self.parameters(utterance.language);
        parameters.set_tokens(&self.hint.1);
        parameters.set_max_tokens(cap);
        parameters.set_audio_ctx(i32::try_from(audio_ctx).unwrap_or(0));
        self.state
            .full(parameters, audio)
            .map_err(|error| error.to_string())?;

        let mut words = String::new();
        let mut suspicious = false;
        for segment in self.state.as_iter() {
            words.push_str(&segment.to_str_lossy().map_err(|error| error.to_string())?);
            suspicious |= segment.n_tokens() >= cap;
        }
        suspicious |= text::repetition(&words).is_some();
        Ok(Pass {
            text: words,
            suspicious,
        })
    }

    fn parameters(&mut self, language: Language) -> FullParams<'static, 'static> {
        if let Some((_, known)) = self.parameters.iter().find(|(of, _)| *of == language) {
            return known.clone();
        }
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        parameters.set_n_threads(self.threads);
        parameters.set_language(Some(language.code()));
        parameters.set_no_context(true);
        parameters.set_no_timestamps(true);
        parameters.set_single_segment(true);
        parameters.set_suppress_blank(true);
        parameters.set_suppress_nst(true);
        // No second try at a higher temperature: it doubles the time and invents words.
        parameters.set_temperature(0.0);
        parameters.set_temperature_inc(0.0);
        parameters.set_print_special(false);
        parameters.set_print_progress(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        let cancelled = self.cancelled.clone();
        // Boxed to exactly this type: whisper-rs 0.16 calls the closure through a pointer that is right for no other.
        let asked: Box<dyn FnMut() -> bool> =
            Box::new(move || cancelled.lock().unwrap_or_else(PoisonError::into_inner).get());
        parameters.set_abort_callback_safe::<_, Box<dyn FnMut() -> bool>>(asked);
        self.parameters.push((language, parameters.clone()));
        parameters
    }

    fn learn(&mut self, hint: &Arc<str>) -> Result<(), String> {
        if self.hint.0 == *hint {
            return Ok(());
        }
        // Room for a token a byte: whisper-rs 0.16 does not notice when there are more tokens than room.
        let tokens = self
            .context
            .tokenize(hint, hint.len() + 1)
            .map_err(|error| error.to_string())?;
        self.hint = (hint.clone(), tokens);
        Ok(())
    }
}

impl Recognizer for Whisper {
    fn recognize(&mut self, utterance: &Utterance, cancelled: Cancelled) -> Result<String, String> {
        if utterance.samples.len() < MIN_SAMPLES || level(&utterance.samples) < MIN_LEVEL {
            return Ok(String::new());
        }
        let mut audio = vec![0.0; utterance.samples.len().max(PADDED_SAMPLES)];
        for (to, &from) in audio.iter_mut().zip(utterance.samples.iter()) {
            *to = f32::from(from) / 32_768.0;
        }
        self.learn(&utterance.hint)?;
        *self.cancelled.lock().unwrap_or_else(PoisonError::into_inner) = cancelled.clone();
        let mut pass = self.pass(&audio, utterance, utterance.audio_ctx)?;
        let is_worth_it = utterance.samples.len() >= WORTH_SECONDS;
        if pass.suspicious && is_worth_it && utterance.audio_ctx != 0 && !cancelled.get() {
            pass = self.pass(&audio, utterance, longer(utterance.audio_ctx))?;
        }
        Ok(text::clean(&pass.text))
    }
}

/// The context of a second try. One that is cut short can make Whisper loop: of 42 utterances 3 did with 128 positions more than
/// the speech has, and none with 400. The full context loops as little, but takes five times as long.
fn longer(audio_ctx: u32) -> u32 {
    let longer = audio_ctx + 272;
    if longer >= FULL_CONTEXT { 0 } else { longer }
}

/// The most tokens that speech of that many samples can be: Portuguese has about 6 a second, fast digits about 10.
fn max_tokens(samples: usize) -> i32 {
    // At most 30 s are decoded at once, and Whisper's text context is 448, half of it for the answer.
    let window = samples.min(30 * RATE);
    (16 + window * 10 / RATE).min(220) as i32
}

fn level(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (power / samples.len().max(1) as f64).sqrt()
}
