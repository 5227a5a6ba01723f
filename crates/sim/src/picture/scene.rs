//! What of a call is drawn: words, turns, interruptions, holds, flags, each with its time.

use super::turn::Turn;
use crate::caller::Account;
use crate::event::What;
use crate::wire::Role;

/// What was heard of an utterance is told so long after it at most.
const TOLD_AFTER_MS: f64 = 800.0;
/// And not sooner after its beginning than this: then it is told of the utterance before.
const TOLD_SOONEST_MS: f64 = 150.0;
/// A server that tells what it is about to say does so this long before at most.
const TOLD_BEFORE_MS: f64 = 2_500.0;

/// All that is drawn besides the voices.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub(super) caller_words: Vec<Words>,
    pub(super) assistant_words: Vec<Words>,
    pub(super) turns: Vec<Turn>,
    pub(super) interruptions: Vec<Interruption>,
    /// From and to, in ms.
    pub(super) holds: Vec<(f64, f64)>,
    pub(super) underruns: Vec<(f64, f64)>,
    pub(super) marks: Vec<(f64, String)>,
    pub(super) keys: Vec<(f64, char)>,
    pub(super) flag: Option<(f64, String)>,
}

/// Words at their time.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) at_ms: f64,
    pub(super) text: String,
    /// True for what the server understood, where that is not what the caller said.
    pub(super) understood: bool,
}

/// A barge-in.
#[derive(Debug)]
pub(super) struct Interruption {
    pub(super) at_ms: f64,
    pub(super) until_ms: f64,
    pub(super) stopped: bool,
    pub(super) label: String,
}

/// From when to when an utterance was heard.
#[derive(Debug, Clone, Copy)]
struct Span {
    from_ms: f64,
    to_ms: f64,
}

impl Scene {
    pub(super) fn of(account: &Account) -> Self {
        let end = account.summary.duration_ms;
        let mut scene = Self::default();
        let mut held_since = None;
        for event in &account.events {
            let at = event.at_ms;
            match &event.what {
                What::AssistantSpeaks {
                    response_ms: Some(response),
                    ..
                } => {
                    scene.turns.push(Turn {
                        from_ms: at - response,
                        to_ms: at,
                        parts: None,
                    });
                }
                What::Paused => held_since = Some(at),
                What::Resumed | What::Cleared { .. } => {
                    scene.holds.extend(held_since.take().map(|since| (since, at)))
                }
                What::BargeIn(barge_in) => {
                    scene.interruptions.push(Interruption::new(
                        barge_in.onset_ms,
                        barge_in.duck_ms,
                        barge_in.stop_ms,
                    ));
                }
                What::Underrun { gap_ms } => scene.underruns.push((at, at + gap_ms)),
                What::Mark { name } => scene.marks.push((at, name.clone())),
                What::Digit { digit } => scene.keys.push((at, *digit)),
                What::Transfer { destination, .. } => {
                    scene.flag = Some((at, format!("transfer to {destination}")))
                }
                What::Hangup => scene.flag = Some((at, "the server hangs up".to_owned())),
                What::Closed { code, .. } => scene.flag = Some((at, format!("closed {code}"))),
                _ => {}
            }
        }
        scene.holds.extend(held_since.map(|since| (since, end)));
        scene
            .interruptions
            .sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
        scene.give_turns_their_parts(account);
        scene.place_words(account);
        scene
    }

    /// The server tells a turn's latency about when it answers: it belongs to the last turn that began before.
    fn give_turns_their_parts(&mut self, account: &Account) {
        for event in &account.events {
            let What::Latency(parts) = event.what else {
                continue;
            };
            if let Some(turn) = self.turns.iter_mut().rfind(|turn| turn.from_ms <= event.at_ms) {
                turn.parts = Some(parts);
            }
        }
    }

    fn place_words(&mut self, account: &Account) {
        let (callers, assistants) = spans(account);
        for event in &account.events {
            // An account that was put together from a log knows only what was understood.
            if let What::CallerSpeaks { text } = &event.what
                && !text.is_empty()
            {
                self.caller_words.push(Words {
                    at_ms: event.at_ms,
                    text: text.clone(),
                    understood: false,
                });
            }
        }
        for event in &account.events {
            let What::Transcript(spoken) = &event.what else {
                continue;
            };
            if !spoken.is_final || spoken.text.trim().is_empty() {
                continue;
            }
            match spoken.role {
                Role::Assistant => {
                    let at_ms = span_of(&assistants, event.at_ms).map_or(event.at_ms, |span| span.from_ms);
                    join(&mut self.assistant_words, at_ms, &spoken.text);
                }
                Role::User => {
                    let at_ms = callers
                        .iter()
                        .rfind(|span| span.from_ms <= event.at_ms)
                        .map_or(event.at_ms, |span| span.from_ms);
                    self.understand(at_ms, &spoken.text);
                }
            }
        }
        self.caller_words
            .sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
        self.assistant_words
            .sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
    }

    fn understand(&mut self, at_ms: f64, text: &str) {
        let is_said = |words: &Words| !words.understood && words.at_ms == at_ms && same(&words.text, text);
        if !self.caller_words.iter().any(is_said) {
            self.caller_words.push(Words {
                at_ms,
                text: format!("understood: {text}"),
                understood: true,
            });
        }
    }
}

impl Interruption {
    fn new(onset_ms: f64, duck_ms: Option<f64>, stop_ms: Option<f64>) -> Self {
        let label = match (duck_ms, stop_ms) {
            (_, Some(stop)) => format!("barge-in: silent after {stop:.0} ms"),
            (Some(duck), None) => format!("held after {duck:.0} ms, went on"),
            (None, None) => "spoken over, went on".to_owned(),
        };
        let until_ms = onset_ms + stop_ms.or(duck_ms).unwrap_or(0.0);
        Self {
            at_ms: onset_ms,
            until_ms,
            stopped: stop_ms.is_some(),
            label,
        }
    }
}

fn spans(account: &Account) -> (Vec<Span>, Vec<Span>) {
    let end = account.summary.duration_ms;
    let (mut callers, mut assistants) = (Vec::new(), Vec::new());
    for event in &account.events {
        let began = Span {
            from_ms: event.at_ms,
            to_ms: end,
        };
        match event.what {
            What::CallerSpeaks { .. } => callers.push(began),
            What::AssistantSpeaks { .. } => assistants.push(began),
            What::AssistantSpoke { .. } => {
                if let Some(span) = assistants.last_mut() {
                    span.to_ms = event.at_ms;
                }
            }
            _ => {}
        }
    }
    (callers, assistants)
}

/// The utterance to which a transcript belongs: the one that was heard just now, or else the one that follows.
fn span_of(spans: &[Span], at_ms: f64) -> Option<Span> {
    let heard = spans.iter().rfind(|span| span.from_ms + TOLD_SOONEST_MS <= at_ms);
    let follows = spans.iter().find(|span| span.from_ms + TOLD_SOONEST_MS > at_ms);
    heard
        .filter(|span| at_ms <= span.to_ms + TOLD_AFTER_MS)
        .or(follows.filter(|span| span.from_ms <= at_ms + TOLD_BEFORE_MS))
        .copied()
}

/// Sentences of one utterance make one block.
fn join(words: &mut Vec<Words>, at_ms: f64, text: &str) {
    match words.iter_mut().find(|words| words.at_ms == at_ms) {
        Some(words) => {
            words.text.push(' ');
            words.text.push_str(text);
        }
        None => words.push(Words {
            at_ms,
            text: text.to_owned(),
            understood: false,
        }),
    }
}

/// The same words, whatever the punctuation and capitals.
fn same(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> String {
        text.to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric())
            .collect()
    };
    letters(one) == letters(other)
}
