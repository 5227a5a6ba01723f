//! From the clauses of one answer to its audio.

use crate::tts::{Prompts, Speech, Spoken, Synthesizer, TtsError};
use audio::SampleRate;
use futures_util::FutureExt;
use secretary::Language;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Pieces of audio between a clause's task and the session.
const PIECES: usize = 16;

/// Clauses that wait to be spoken; beyond them the brain is left to wait.
const WAITING: usize = 2;

/// The pause behind a sentence, and behind a clause within one. Synthesizers leave it out, because what follows is not known
/// to them.
const SENTENCE_PAUSE: Duration = Duration::from_millis(250);
const CLAUSE_PAUSE: Duration = Duration::from_millis(100);

/// How the texts of one call become audio.
pub(super) struct Voice {
    pub(super) synthesizer: Arc<dyn Synthesizer>,
    pub(super) prompts: Arc<Prompts>,
    pub(super) language: Language,
    pub(super) name: String,
}

/// Whether a text will be wanted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text of the call's own: from the cache of prompts.
    Prompt,
    /// Said once.
    Fresh,
}

/// What [`Speaking::poll`] gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// The words whose audio comes next.
    Text {
        /// The words, with their leading space.
        text: String,
        /// Where in the answer's audio they begin.
        at_ms: u64,
    },
    /// The answer's first audio is there; it comes next.
    First,
    /// Samples were appended.
    Audio,
}

/// The clauses of one answer: one is heard, the next may be synthesised meanwhile. Dropping it stops both.
pub(super) struct Speaking {
    voice: Arc<Voice>,
    kind: Kind,
    waiting: VecDeque<String>,
    now: Option<Clause>,
    ahead: Option<Clause>,
    /// Silence to be given before the clause that is next.
    pause: Duration,
    /// The first audio, held back until it has been announced.
    held: Option<Vec<i16>>,
    samples: u64,
    spoken: bool,
}

struct Clause {
    text: String,
    audio: mpsc::Receiver<Vec<i16>>,
    task: AbortOnDropHandle<Result<Spoken, TtsError>>,
    announced: bool,
    audible: bool,
}

impl Speaking {
    /// An answer that speaks so; without clauses yet.
    pub(super) fn new(voice: Arc<Voice>, kind: Kind) -> Self {
        Self {
            voice,
            kind,
            waiting: VecDeque::new(),
            now: None,
            ahead: None,
            pause: Duration::ZERO,
            held: None,
            samples: 0,
            spoken: false,
        }
    }

    /// Adds a clause. Begin it at once with [`Speaking::poll`].
    pub(super) fn add(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.waiting.push_back(text.into());
        }
    }

    /// True while more clauses are welcome.
    pub(super) fn wants_more(&self) -> bool {
        self.waiting.len() < WAITING
    }

    /// The next piece in the order of the words, its samples appended to `pcm`; nothing if all is said.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        pcm: &mut Vec<i16>,
    ) -> Poll<Result<Option<Piece>, TtsError>> {
        loop {
            if let Some(samples) = self.held.take() {
                return self.give(&samples, pcm);
            }
            if self.now.is_none() && !self.next() {
                return Poll::Ready(Ok(None));
            }
            self.look_ahead();
            if !self.pause.is_zero() {
                let silence = vec![0; self.rate().samples_in(std::mem::take(&mut self.pause)) as usize];
                return self.give(&silence, pcm);
            }
            let at_ms = self.at_ms();
            let Some(clause) = &mut self.now else { continue };
            if !clause.announced {
                clause.announced = true;
                let space = if std::mem::replace(&mut self.spoken, true) {
                    " "
                } else {
                    ""
                };
                return Poll::Ready(Ok(Some(Piece::Text {
                    text: format!("{space}{}", clause.text),
                    at_ms,
                })));
            }
            let Some(samples) = ready!(clause.audio.poll_recv(cx)) else {
                let ended = ready!(clause.task.poll_unpin(cx));
                self.pause = if clause.audible {
                    pause_after(&clause.text)
                } else {
                    self.pause
                };
                self.now = None;
                if let Err(error) = ended.unwrap_or_else(|e| Err(TtsError::Failed(e.to_string()))) {
                    return Poll::Ready(Err(error));
                }
                continue;
            };
            clause.audible = true;
            if self.samples == 0 && !samples.is_empty() {
                self.held = Some(samples);
                return Poll::Ready(Ok(Some(Piece::First)));
            }
            return self.give(&samples, pcm);
        }
    }

    /// Turns to the next clause; false if there is none.
    fn next(&mut self) -> bool {
        let Some(clause) = self.ahead.take().or_else(|| self.start()) else {
            return false;
        };
        self.now = Some(clause);
        true
    }

    /// Begins the clause after the present one. Not before that one is audible: two clauses of one call must not take each
    /// other's place where the synthesizer has few.
    fn look_ahead(&mut self) {
        if self.ahead.is_none() && self.now.as_ref().is_some_and(|now| now.audible) {
            self.ahead = self.start();
        }
    }

    fn start(&mut self) -> Option<Clause> {
        let text = self.waiting.pop_front()?;
        Some(self.voice.say(text, self.kind))
    }

    fn give(&mut self, samples: &[i16], pcm: &mut Vec<i16>) -> Poll<Result<Option<Piece>, TtsError>> {
        pcm.extend_from_slice(samples);
        self.samples += samples.len() as u64;
        Poll::Ready(Ok(Some(Piece::Audio)))
    }

    fn at_ms(&self) -> u64 {
        u64::try_from(self.rate().duration_of(self.samples).as_millis()).unwrap_or(u64::MAX)
    }

    fn rate(&self) -> SampleRate {
        self.voice.synthesizer.rate()
    }
}

impl Voice {
    /// Begins to speak, in a task of its own.
    fn say(&self, text: String, kind: Kind) -> Clause {
        let (out, audio) = mpsc::channel(PIECES);
        let speech = Speech {
            text: text.clone(),
            language: self.language,
            voice: self.name.clone(),
        };
        let task = match kind {
            Kind::Prompt => tokio::spawn(prompt(self.prompts.clone(), speech, out)),
            Kind::Fresh => tokio::spawn(fresh(self.synthesizer.clone(), speech, out)),
        };
        Clause {
            text,
            audio,
            task: AbortOnDropHandle::new(task),
            announced: false,
            audible: false,
        }
    }
}

async fn prompt(
    prompts: Arc<Prompts>,
    speech: Speech,
    out: mpsc::Sender<Vec<i16>>,
) -> Result<Spoken, TtsError> {
    let prompt = prompts.render(speech).await?;
    // Nobody listens any more: the answer was interrupted.
    let _ = out.send(prompt.samples.to_vec()).await;
    Ok(Spoken::AsAsked)
}

async fn fresh(
    synthesizer: Arc<dyn Synthesizer>,
    speech: Speech,
    out: mpsc::Sender<Vec<i16>>,
) -> Result<Spoken, TtsError> {
    synthesizer.speak(speech, out).await
}

/// How long to be silent behind these words.
fn pause_after(text: &str) -> Duration {
    if text.ends_with(['.', '!', '?', '…', ':']) {
        SENTENCE_PAUSE
    } else {
        CLAUSE_PAUSE
    }
}
