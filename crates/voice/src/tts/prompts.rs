//! Fixed prompts: rendered once, then shared by all calls.

use super::{Speech, Spoken, Synthesizer, TtsError};
use audio::SampleRate;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OnceCell, mpsc};

/// Pieces of a prompt under way between the synthesizer and the cache.
const PIECES: usize = 8;

/// A rendered prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Mono samples, shared with the cache.
    pub samples: Arc<[i16]>,
    /// Their rate.
    pub rate: SampleRate,
}

/// Renders prompts with a synthesizer and keeps them in memory, the least recently used going first.
pub struct Prompts {
    synthesizer: Arc<dyn Synthesizer>,
    limit: usize,
    shelf: Mutex<Shelf>,
}

/// A prompt being rendered: whoever is first renders it, the others wait; if the first gives up, the next one goes on.
type Rendering = OnceCell<Rendered>;

/// Its samples, and in whose voice they are.
type Rendered = (Spoken, Arc<[i16]>);

#[derive(Default)]
struct Shelf {
    rendered: HashMap<Speech, Kept>,
    rendering: HashMap<Speech, Weak<Rendering>>,
    bytes: usize,
    clock: u64,
}

struct Kept {
    samples: Arc<[i16]>,
    used: u64,
}

impl Prompts {
    /// A cache of at most `limit` bytes of samples (a second at 16 kHz is 32 000). A prompt larger than that is not kept.
    pub fn new(synthesizer: Arc<dyn Synthesizer>, limit: usize) -> Self {
        Self {
            synthesizer,
            limit,
            shelf: Mutex::default(),
        }
    }

    /// The rate of every prompt.
    pub fn rate(&self) -> SampleRate {
        self.synthesizer.rate()
    }

    /// The prompt: from the cache, or rendered now. Requests for the same one at the same time render it once. One that had to be
    /// spoken by another voice is given, and not kept.
    pub async fn render(&self, speech: Speech) -> Result<Prompt, TtsError> {
        let rate = self.synthesizer.rate();
        let rendering = match self.look_up(&speech) {
            Found::Rendered(samples) => return Ok(Prompt { samples, rate }),
            Found::Rendering(cell) => cell,
        };
        let (spoken, samples) = rendering
            .get_or_try_init(|| self.speak(speech.clone()))
            .await?
            .clone();
        match spoken {
            Spoken::AsAsked => self.keep(speech, &samples),
            Spoken::ByAnother => self.forget(&speech),
        }
        Ok(Prompt { samples, rate })
    }

    /// Bytes of samples in the cache now.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    async fn speak(&self, speech: Speech) -> Result<Rendered, TtsError> {
        let (out, mut pieces) = mpsc::channel::<Vec<i16>>(PIECES);
        let collect = async {
            let mut samples = Vec::new();
            while let Some(piece) = pieces.recv().await {
                samples.extend_from_slice(&piece);
            }
            samples
        };
        let (spoken, samples) = tokio::join!(self.synthesizer.speak(speech, out), collect);
        spoken.map(|spoken| (spoken, samples.into()))
    }

    fn look_up(&self, speech: &Speech) -> Found {
        let mut shelf = self.lock();
        shelf.clock += 1;
        let now = shelf.clock;
        if let Some(kept) = shelf.rendered.get_mut(speech) {
            kept.used = now;
            return Found::Rendered(kept.samples.clone());
        }
        if let Some(cell) = shelf.rendering.get(speech).and_then(Weak::upgrade) {
            return Found::Rendering(cell);
        }
        shelf.rendering.retain(|_, cell| cell.strong_count() > 0);
        let cell = Arc::new(Rendering::new());
        shelf.rendering.insert(speech.clone(), Arc::downgrade(&cell));
        Found::Rendering(cell)
    }

    fn keep(&self, speech: Speech, samples: &Arc<[i16]>) {
        let mut shelf = self.lock();
        shelf.rendering.remove(&speech);
        if shelf.rendered.contains_key(&speech) || bytes(samples) > self.limit {
            return;
        }
        while shelf.bytes + bytes(samples) > self.limit && shelf.drop_oldest() {}
        shelf.clock += 1;
        let used = shelf.clock;
        shelf.bytes += bytes(samples);
        shelf.rendered.insert(
            speech,
            Kept {
                samples: samples.clone(),
                used,
            },
        );
    }

    /// Whoever asks next has it rendered anew.
    fn forget(&self, speech: &Speech) {
        self.lock().rendering.remove(speech);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf> {
        // Nothing in here can panic half way through a change.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Found {
    Rendered(Arc<[i16]>),
    Rendering(Arc<Rendering>),
}

impl Shelf {
    /// Drops the prompt that was not used for longest; false if there is none.
    fn drop_oldest(&mut self) -> bool {
        let oldest = self
            .rendered
            .iter()
            .min_by_key(|(_, kept)| kept.used)
            .map(|(speech, _)| speech.clone());
        let Some(kept) = oldest.and_then(|speech| self.rendered.remove(&speech)) else {
            return false;
        };
        self.bytes -= bytes(&kept.samples);
        true
    }
}

fn bytes(samples: &Arc<[i16]>) -> usize {
    size_of_val::<[i16]>(samples)
}
