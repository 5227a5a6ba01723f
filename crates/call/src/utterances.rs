//! What is said to the caller: answers and prompts in the order in which they are played.

use crate::heard::{Length, Piece, heard_text, longest_ms};
use crate::{AnswerId, Cause, PlayedMs, PromptId, Utterance};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Answers that may wait at once; an engine that begins more is out of its mind.
const MOST: usize = 32;

/// Whether an utterance may be interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// By the caller's words or keys.
    Open,
    /// By nothing that the caller does.
    Shielded,
}

/// What there is of an utterance's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    /// None yet.
    None,
    /// So many milliseconds.
    Counted(u64),
    /// A prompt's, which the driver has.
    Uncounted,
}

/// What an utterance comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The engine, which has more to come.
    Coming(Cause),
    /// The engine, which has told all.
    Complete(Cause),
    /// The driver.
    Prompt,
}

#[derive(Debug)]
struct Spoken {
    utterance: Utterance,
    source: Source,
    guard: Guard,
    /// What it was asked to be, for an engine that does not tell its words.
    said: Option<String>,
    pieces: Vec<Piece>,
    sound: Sound,
    played: PlayedMs,
}

/// What was heard of an utterance that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) utterance: Utterance,
    pub(crate) played: PlayedMs,
    pub(crate) text: String,
}

/// All that is being said or waits to be.
#[derive(Debug)]
pub(crate) struct Utterances {
    queue: VecDeque<Spoken>,
    newest: AnswerId,
    last_prompt: PromptId,
    /// When something last came or was heard.
    progressed: Instant,
}

impl Utterances {
    /// None yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            queue: VecDeque::new(),
            newest: AnswerId(0),
            last_prompt: PromptId(0),
            progressed: now,
        }
    }

    /// Takes note of an answer's number.
    pub(crate) fn note(&mut self, answer: AnswerId) {
        self.newest = self.newest.max(answer);
    }

    /// The newest answer known, wanted or not.
    pub(crate) fn newest(&self) -> AnswerId {
        self.newest
    }

    /// Whether one more answer may wait.
    pub(crate) fn has_room(&self) -> bool {
        self.queue.len() < MOST
    }

    /// An answer begins.
    pub(crate) fn begin_answer(
        &mut self,
        answer: AnswerId,
        cause: Cause,
        guard: Guard,
        said: Option<String>,
        now: Instant,
    ) {
        self.progressed = now;
        self.queue.push_back(Spoken {
            utterance: Utterance::Answer(answer),
            source: Source::Coming(cause),
            guard,
            said,
            pieces: Vec::new(),
            sound: Sound::None,
            played: PlayedMs(0),
        });
    }

    /// A prompt of the driver's begins, with all its words.
    pub(crate) fn begin_prompt(&mut self, text: &str, guard: Guard, now: Instant) -> PromptId {
        self.progressed = now;
        self.last_prompt = self.last_prompt.next();
        self.queue.push_back(Spoken {
            utterance: Utterance::Prompt(self.last_prompt),
            source: Source::Prompt,
            guard,
            said: Some(text.to_owned()),
            pieces: Vec::new(),
            sound: Sound::Uncounted,
            played: PlayedMs(0),
        });
        self.last_prompt
    }

    /// Text of an answer.
    pub(crate) fn text(&mut self, answer: AnswerId, text: String, at_ms: Option<u64>, now: Instant) {
        if let Some(spoken) = self.coming(answer) {
            spoken.pieces.push(Piece { text, at_ms });
            self.progressed = now;
        }
    }

    /// Audio of an answer. Gives its cause when this is its first.
    pub(crate) fn audio(&mut self, answer: AnswerId, total_ms: u64, now: Instant) -> Option<Cause> {
        let spoken = self.coming(answer)?;
        let Source::Coming(cause) = spoken.source else {
            return None;
        };
        let before = spoken.sound;
        let counted = if let Sound::Counted(ms) = before { ms } else { 0 };
        spoken.sound = Sound::Counted(total_ms.max(counted));
        self.progressed = now;
        (before == Sound::None).then_some(cause)
    }

    /// No more of an answer will come. Gives its cause when there was no sound in it: then it is over.
    pub(crate) fn done(&mut self, answer: AnswerId, now: Instant) -> Option<Cause> {
        let spoken = self.coming(answer)?;
        let Source::Coming(cause) = spoken.source else {
            return None;
        };
        spoken.source = Source::Complete(cause);
        let silent = spoken.sound == Sound::None;
        self.progressed = now;
        if !silent {
            return None;
        }
        self.remove(Utterance::Answer(answer));
        Some(cause)
    }

    /// So much of an utterance was heard.
    pub(crate) fn position(&mut self, utterance: Utterance, played: PlayedMs, now: Instant) {
        let Some(spoken) = self.queue.iter_mut().find(|spoken| spoken.utterance == utterance) else {
            return;
        };
        if played > spoken.played {
            spoken.played = played;
            self.progressed = now;
        }
    }

    /// An utterance was heard to its end. Gives the cause too, where it was an answer without any sound.
    pub(crate) fn finished(
        &mut self,
        utterance: Utterance,
        played: PlayedMs,
        now: Instant,
    ) -> Option<(Heard, Option<Cause>)> {
        let spoken = self.remove(utterance)?;
        self.progressed = now;
        let cause = spoken.cause().filter(|_| spoken.sound == Sound::None);
        let text = if played.0 == 0 {
            String::new()
        } else {
            spoken.words()
        };
        Some((
            Heard {
                utterance,
                played,
                text,
            },
            cause,
        ))
    }

    /// The cause of the answer that is being given and has more to come.
    pub(crate) fn coming_cause(&self) -> Option<Cause> {
        self.queue.iter().find_map(|spoken| match spoken.source {
            Source::Coming(cause) => Some(cause),
            Source::Complete(_) | Source::Prompt => None,
        })
    }

    /// No more will come of any answer: what came of each is heard, and one without sound is over. The cause of one that was cut short
    /// by that.
    pub(crate) fn complete_answers(&mut self, now: Instant) -> Option<Cause> {
        let cut = self.coming_cause();
        let coming: Vec<Utterance> = self
            .queue
            .iter()
            .filter(|spoken| matches!(spoken.source, Source::Coming(_)))
            .map(|spoken| spoken.utterance)
            .collect();
        for utterance in coming {
            if let Utterance::Answer(answer) = utterance {
                self.done(answer, now);
            }
        }
        cut
    }

    /// Ends all that is said. What was heard of each, in their order.
    pub(crate) fn cut(&mut self) -> Vec<Heard> {
        self.queue.drain(..).map(Spoken::cut).collect()
    }

    /// The causes of all that is said by the engine.
    pub(crate) fn causes(&self) -> Vec<Cause> {
        self.queue.iter().filter_map(Spoken::cause).collect()
    }

    /// What there is to be heard goes on after a pause.
    pub(crate) fn resumed(&mut self, now: Instant) {
        self.progressed = now;
    }

    /// Whether anything is being said or is about to be.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether anything of it sounds, or would if nothing held it.
    pub(crate) fn is_sounding(&self) -> bool {
        self.queue.iter().any(|spoken| spoken.sound != Sound::None)
    }

    /// Whether what is being said now may not be interrupted.
    pub(crate) fn is_shielded(&self) -> bool {
        self.queue
            .front()
            .is_some_and(|spoken| spoken.guard == Guard::Shielded)
    }

    /// Whether any of it is the engine's.
    pub(crate) fn has_answers(&self) -> bool {
        self.queue.iter().any(|spoken| spoken.source != Source::Prompt)
    }

    /// Whether something sounds that came before this answer.
    pub(crate) fn sounds_before(&self, answer: AnswerId) -> bool {
        self.queue
            .iter()
            .filter(|spoken| spoken.sound != Sound::None)
            .any(|spoken| match spoken.utterance {
                Utterance::Answer(first) => first < answer,
                Utterance::Prompt(_) => true,
            })
    }

    /// Whether this answer is among them.
    pub(crate) fn has(&self, answer: AnswerId) -> bool {
        self.queue
            .iter()
            .any(|spoken| spoken.utterance == Utterance::Answer(answer))
    }

    /// Whether an answer of this cause is among them.
    pub(crate) fn answers(&self, wanted: Cause) -> bool {
        self.queue.iter().any(|spoken| spoken.cause() == Some(wanted))
    }

    /// When it has been going on for `patience` longer than there is anything to be heard: then an end was lost.
    pub(crate) fn stalled(&self, patience: Duration) -> Option<Instant> {
        if self.queue.is_empty() {
            return None;
        }
        self.progressed
            .checked_add(Duration::from_millis(self.left_ms()))?
            .checked_add(patience)
    }

    /// How much there is that was not heard yet.
    pub(crate) fn left_ms(&self) -> u64 {
        self.queue
            .iter()
            .map(Spoken::left_ms)
            .fold(0, u64::saturating_add)
    }

    fn coming(&mut self, answer: AnswerId) -> Option<&mut Spoken> {
        self.queue
            .iter_mut()
            .find(|spoken| spoken.utterance == Utterance::Answer(answer))
    }

    fn remove(&mut self, utterance: Utterance) -> Option<Spoken> {
        let index = self
            .queue
            .iter()
            .position(|spoken| spoken.utterance == utterance)?;
        self.queue.remove(index)
    }
}

impl Spoken {
    fn cause(&self) -> Option<Cause> {
        match self.source {
            Source::Coming(cause) | Source::Complete(cause) => Some(cause),
            Source::Prompt => None,
        }
    }

    /// All its words.
    fn words(&self) -> String {
        let told: String = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let words = if told.trim().is_empty() {
            self.said.as_deref().unwrap_or_default()
        } else {
            &told
        };
        words.trim().to_owned()
    }

    fn cut(self) -> Heard {
        let length = match (self.sound, self.source) {
            (Sound::Uncounted, _) => Length::Unknown,
            (Sound::Counted(ms), Source::Coming(_)) => Length::SoFar(ms),
            (Sound::Counted(ms), Source::Complete(_) | Source::Prompt) => Length::Whole(ms),
            (Sound::None, _) => Length::Whole(0),
        };
        // A resampler's tail may play longer than the engine counted, and an engine refuses a cut behind its own end.
        let played = match self.sound {
            Sound::Counted(ms) => self.played.min(PlayedMs(ms)),
            Sound::None => PlayedMs(0),
            Sound::Uncounted => self.played,
        };
        let said = self.said.into_iter().map(|text| Piece { text, at_ms: None });
        let pieces = if self.pieces.is_empty() {
            said.collect()
        } else {
            self.pieces
        };
        Heard {
            utterance: self.utterance,
            played,
            text: heard_text(&pieces, length, played),
        }
    }

    fn left_ms(&self) -> u64 {
        let whole = match self.sound {
            Sound::None => 0,
            Sound::Counted(ms) => ms,
            Sound::Uncounted => longest_ms(self.said.as_deref().unwrap_or_default()),
        };
        whole.saturating_sub(self.played.0)
    }
}
