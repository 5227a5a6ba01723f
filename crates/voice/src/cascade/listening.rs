//! From the caller's audio to the words of a turn.

use super::hearing::{Begun, Hearing, RATE};
use crate::Usage;
use crate::stt::{Listener, SttError, Transcriber};
use call::TurnId;
use futures_util::FutureExt;
use futures_util::future::ready;
use secretary::Language;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// Turns whose words may be awaited at once; of more the oldest is not answered. The call asks for one at a time.
const AWAITED: usize = 4;

/// What came of a search for words.
pub(super) type Found = Result<String, SttError>;

/// What [`Listening::poll`] reports.
#[derive(Debug)]
pub(super) enum Report {
    /// What a turn sounds like so far; it may change.
    Partial {
        /// Which.
        turn: TurnId,
        /// The words from its beginning.
        text: String,
    },
    /// Words, for whoever wants to know.
    Heard {
        /// Whose.
        turn: TurnId,
        /// The words.
        text: String,
    },
    /// A turn is to be answered, and here are its words.
    Answer {
        /// Which.
        turn: TurnId,
        /// Its words.
        found: Found,
        /// How long they took after the answer was asked for.
        waited_ms: u64,
    },
}

/// Hears, and finds words when asked.
pub(super) struct Listening {
    hearing: Hearing,
    transcriber: Option<Arc<dyn Transcriber>>,
    live: Option<Live>,
    language: Language,
    /// Words that this secretary's callers are likely to use.
    hint: Arc<str>,
    turn: Option<Turn>,
    awaited: VecDeque<Awaited>,
    charged: Charged,
}

/// Sound for which a provider charges and of which nobody was told yet, in samples. Searches under way add to it.
#[derive(Debug, Clone, Default)]
struct Charged(Arc<AtomicU64>);

impl Charged {
    fn add(&self, samples: usize) {
        self.0.fetch_add(samples as u64, Ordering::Relaxed);
    }

    fn take(&self) -> Usage {
        let samples = self.0.swap(0, Ordering::Relaxed);
        let length = RATE.duration_of(samples);
        Usage {
            transcription_ms: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
            ..Usage::default()
        }
    }
}

/// What hears the turn while it is spoken.
struct Live {
    listener: Box<dyn Listener>,
    /// Up to where it has the caller's audio.
    position: u64,
}

/// The turn that the caller is speaking.
struct Turn {
    id: TurnId,
    search: Option<Search>,
    found: Option<Found>,
    /// Whether the search was begun after the last speech: then its words are those of the whole turn.
    whole: bool,
}

/// A turn that is over, to be answered as soon as its words are there.
struct Awaited {
    id: TurnId,
    words: Words,
    since: Instant,
}

enum Words {
    There(Found),
    Sought(Search),
}

impl Listening {
    /// Without a transcriber and a listener every turn ends with [`SttError::NoModel`]. With both the transcriber finds the words of a
    /// turn at which the listener fails.
    pub(super) fn new(
        transcriber: Option<Arc<dyn Transcriber>>,
        listener: Option<Box<dyn Listener>>,
        language: Language,
        hint: Arc<str>,
    ) -> Self {
        Self {
            hearing: Hearing::default(),
            transcriber,
            live: listener.map(|listener| Live {
                listener,
                position: 0,
            }),
            language,
            hint,
            turn: None,
            awaited: VecDeque::new(),
            charged: Charged::default(),
        }
    }

    /// What will be charged for the sound that was listened to since this was last asked.
    pub(super) fn usage(&self) -> Usage {
        self.charged.take()
    }

    /// Takes the caller's next samples.
    pub(super) fn hear(&mut self, samples: &[i16]) {
        self.hearing.hear(samples);
        self.pass_on();
    }

    /// Gives the listener what it has not heard of the turn that is being spoken.
    fn pass_on(&mut self) {
        let (Some(live), Some(turn)) = (&mut self.live, &self.turn) else {
            return;
        };
        if let Some((samples, position)) = self.hearing.after(turn.id, live.position) {
            live.position = position;
            if samples.is_empty() {
                return;
            }
            live.listener.hear(&samples);
            if live.listener.is_charged() {
                self.charged.add(samples.len());
            }
        }
    }

    /// Milliseconds that could not be kept.
    pub(super) fn lost_ms(&self) -> u64 {
        self.hearing.lost_ms()
    }

    /// The caller begins a turn, or goes on with it: also with one whose words are awaited, which then waits for its end
    /// again.
    pub(super) fn start(&mut self, id: TurnId) {
        let begun = self.hearing.start(id);
        if let (Some(live), Begun::Anew) = (&mut self.live, begun) {
            live.listener.begin();
            live.position = 0;
        }
        self.awaited.retain(|awaited| awaited.id != id);
        match &mut self.turn {
            Some(turn) if turn.id == id => turn.whole = false,
            _ => {
                self.turn = Some(Turn {
                    id,
                    search: None,
                    found: None,
                    whole: false,
                })
            }
        }
        self.pass_on();
    }

    /// Looks for the words of the turn so far; a search under way is given up for it.
    pub(super) fn transcribe(&mut self, id: TurnId) {
        let Some(search) = self.search(id) else { return };
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.id == id) else {
            return;
        };
        (turn.search, turn.found, turn.whole) = (Some(search), None, true);
    }

    /// The turn is over. Its words follow as [`Report::Answer`]: those of the last search if nothing was said since.
    pub(super) fn respond(&mut self, id: TurnId) {
        let words = self.words(id);
        self.hearing.close(id);
        if self.awaited.len() >= AWAITED {
            self.awaited.pop_front();
        }
        self.awaited.push_back(Awaited {
            id,
            words,
            since: Instant::now(),
        });
    }

    /// The turn was none.
    pub(super) fn discard(&mut self, id: TurnId) {
        self.hearing.forget(id);
        self.turn.take_if(|turn| turn.id == id);
        self.awaited.retain(|awaited| awaited.id != id);
    }

    /// Gives up all searches.
    pub(super) fn stop(&mut self) {
        self.turn = None;
        self.awaited.clear();
    }

    /// What has been found.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Report> {
        // Before the words that were asked for: it is older than they are.
        if let (Some(live), Some(turn)) = (&mut self.live, &self.turn)
            && let Poll::Ready(text) = live.listener.poll_partial(cx)
        {
            return Poll::Ready(Report::Partial { turn: turn.id, text });
        }
        if let Some(turn) = &mut self.turn
            && let Poll::Ready(found) = poll_search(&mut turn.search, cx)
        {
            let (id, text) = (turn.id, found.clone().ok());
            turn.found = Some(found);
            // A failure is no silence: of it the call is told when it wants the answer.
            if let Some(text) = text {
                return Poll::Ready(Report::Heard { turn: id, text });
            }
        }
        let Some(awaited) = self.awaited.front_mut() else {
            return Poll::Pending;
        };
        if let Words::Sought(search) = &mut awaited.words {
            let Poll::Ready(found) = search.poll(cx) else {
                return Poll::Pending;
            };
            let heard = found.clone();
            awaited.words = Words::There(found);
            if let Ok(text) = heard {
                return Poll::Ready(Report::Heard {
                    turn: awaited.id,
                    text,
                });
            }
        }
        self.answer()
    }

    /// The turn at the head of those awaited, if its words are there.
    fn answer(&mut self) -> Poll<Report> {
        let there = self
            .awaited
            .pop_front_if(|awaited| matches!(awaited.words, Words::There(_)));
        let Some(Awaited {
            id,
            words: Words::There(found),
            since,
        }) = there
        else {
            return Poll::Pending;
        };
        self.hearing.forget(id);
        let waited_ms = milliseconds_since(since);
        Poll::Ready(Report::Answer {
            turn: id,
            found,
            waited_ms,
        })
    }

    fn words(&mut self, id: TurnId) -> Words {
        match self.turn.take_if(|turn| turn.id == id) {
            Some(Turn {
                whole: true,
                search: Some(search),
                ..
            }) => return Words::Sought(search),
            // A full queue may have room by now; any other result would be the same again.
            Some(Turn {
                whole: true,
                found: Some(found),
                ..
            }) if !matches!(found, Err(SttError::Busy { .. })) => {
                return Words::There(found);
            }
            _ => {}
        }
        if self.transcriber.is_none() && self.live.is_none() {
            return Words::There(Err(SttError::NoModel));
        }
        // A turn that was never begun has no words.
        self.search(id)
            .map_or(Words::There(Ok(String::new())), Words::Sought)
    }

    fn search(&mut self, id: TurnId) -> Option<Search> {
        if self.transcriber.is_none() && self.live.is_none() {
            return None;
        }
        let samples = self.hearing.cut(id)?;
        if samples.is_empty() {
            return Some(Search::start(ready(Ok(String::new()))));
        }
        let live = self.live.as_mut().map(|live| live.listener.words());
        let (transcriber, language, hint) = (self.transcriber.clone(), self.language, self.hint.clone());
        let charged = self.charged.clone();
        Some(Search::start(async move {
            let heard = match live {
                Some(words) => words.await,
                None => Err(SttError::NoModel),
            };
            let (Err(_), Some(transcriber)) = (&heard, transcriber) else {
                return heard;
            };
            if transcriber.is_charged() {
                charged.add(samples.len());
            }
            transcriber.transcribe(samples, language, &hint).await
        }))
    }
}

/// A search for words under way. Dropping it gives it up.
struct Search {
    task: AbortOnDropHandle<Found>,
}

impl Search {
    /// Begins at once, in a task of its own.
    fn start(words: impl Future<Output = Found> + Send + 'static) -> Self {
        Self {
            task: AbortOnDropHandle::new(tokio::spawn(words)),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Found> {
        let joined = std::task::ready!(self.task.poll_unpin(cx));
        // A task that panicked.
        Poll::Ready(joined.unwrap_or_else(|e| Err(SttError::Worker(e.to_string()))))
    }
}

/// Polls a search if there is one, and takes it away once it has ended.
fn poll_search(search: &mut Option<Search>, cx: &mut Context<'_>) -> Poll<Found> {
    let Some(under_way) = search else {
        return Poll::Pending;
    };
    let found = std::task::ready!(under_way.poll(cx));
    *search = None;
    Poll::Ready(found)
}

/// Whole milliseconds since an instant.
pub(super) fn milliseconds_since(instant: Instant) -> u64 {
    u64::try_from(instant.elapsed().as_millis()).unwrap_or(u64::MAX)
}
