//! The caller's turns: which items of the conversation belong to which, their words, and whether their end was told.

use call::{EngineEvent, TurnId};
use std::collections::VecDeque;

/// How many items of the caller's are remembered: transcripts come late, but not that late.
const REMEMBERED: usize = 32;

/// The caller's items of one session. The server cuts items by its own hearing and knows no turns of ours; an item belongs
/// to the turn that was current when it began, or that began while it was still open.
#[derive(Debug, Default)]
pub(super) struct Turns {
    current: Option<TurnId>,
    items: VecDeque<Item>,
}

#[derive(Debug)]
struct Item {
    id: String,
    turn: Option<TurnId>,
    text: String,
    /// The server has heard its end, and the call was told.
    ended: bool,
    /// The server has put it into the conversation.
    committed: bool,
    /// No more words of it will come.
    settled: bool,
    /// The call has said that it was no turn.
    discarded: bool,
    /// The server answers it by itself.
    answered: bool,
}

impl Turns {
    /// The call began a turn, or the same turn goes on.
    pub(super) fn started(&mut self, turn: TurnId) {
        self.current = Some(turn);
        for item in self.items.iter_mut().filter(|i| !i.ended) {
            item.turn = Some(turn);
        }
    }

    /// That was no turn. The items that the server is to forget now; one that it has yet to commit is named by
    /// [`Turns::committed`].
    pub(super) fn discard(&mut self, turn: TurnId) -> Vec<String> {
        let items = self
            .items
            .iter_mut()
            .filter(|i| i.turn == Some(turn) && !i.discarded);
        let mut gone = Vec::new();
        for item in items {
            item.discarded = true;
            if item.committed {
                gone.push(item.id.clone());
            }
        }
        gone
    }

    /// The server hears speech, which will be this item.
    pub(super) fn speech_started(&mut self, item_id: String) {
        self.item(item_id);
    }

    /// The server has heard the end of an item. True if the call is to be told, once an item.
    pub(super) fn ended(&mut self, item_id: String) -> bool {
        let item = self.item(item_id);
        !std::mem::replace(&mut item.ended, true) && !item.discarded
    }

    /// The server has put an item into the conversation. True if it was discarded meanwhile and is to be forgotten.
    pub(super) fn committed(&mut self, item_id: String) -> bool {
        let item = self.item(item_id);
        item.committed = true;
        item.discarded
    }

    /// More words of an item.
    pub(super) fn words(&mut self, item_id: String, delta: &str) -> Option<EngineEvent> {
        let item = self.item(item_id);
        if item.settled {
            return None;
        }
        item.text.push_str(delta);
        let (turn, told) = (item.turn, !item.discarded && !delta.is_empty());
        told.then(|| self.heard(turn)).flatten()
    }

    /// All the words of an item so far.
    pub(super) fn words_so_far(&mut self, item_id: String, transcript: String) -> Option<EngineEvent> {
        let item = self.item(item_id);
        if item.settled || transcript.is_empty() {
            return None;
        }
        item.text = transcript;
        let (turn, told) = (item.turn, !item.discarded);
        told.then(|| self.heard(turn)).flatten()
    }

    /// The turn that the server answers by itself: the last one whose end it has heard, once.
    pub(super) fn answered(&mut self) -> Option<TurnId> {
        let item = self.items.iter_mut().rev().find(|i| i.ended && !i.discarded)?;
        (!std::mem::replace(&mut item.answered, true)).then_some(item.turn)?
    }

    /// All the words of an item.
    pub(super) fn settled(&mut self, item_id: String, transcript: String) -> Option<EngineEvent> {
        let item = self.item(item_id);
        item.settled = true;
        item.text = transcript;
        let (turn, told) = (item.turn, !item.discarded);
        told.then(|| self.heard(turn)).flatten()
    }

    /// The words of an item could not be found. Other words of its turn may be complete with that.
    pub(super) fn failed(&mut self, item_id: String) -> Option<EngineEvent> {
        let item = self.item(item_id);
        item.settled = true;
        let turn = item.turn;
        self.heard(turn)
            .filter(|event| !matches!(event, EngineEvent::Heard { text, .. } if text.is_empty()))
    }

    /// The words of a turn so far. They bear its number, since they come late: by now the caller may be in the next turn.
    fn heard(&self, turn: Option<TurnId>) -> Option<EngineEvent> {
        let items = || self.items.iter().filter(|i| i.turn == turn && !i.discarded);
        items().next()?;
        let words: Vec<&str> = items().map(|i| i.text.trim()).filter(|t| !t.is_empty()).collect();
        Some(EngineEvent::Heard {
            turn,
            text: words.join(" "),
            is_final: items().all(|i| i.settled),
        })
    }

    fn item(&mut self, id: String) -> &mut Item {
        let known = self.items.iter().position(|i| i.id == id);
        let at = known.unwrap_or_else(|| {
            if self.items.len() == REMEMBERED {
                self.items.pop_front();
            }
            let turn = self.current;
            let (text, ended, committed) = (String::new(), false, false);
            self.items.push_back(Item {
                id,
                turn,
                text,
                ended,
                committed,
                settled: false,
                discarded: false,
                answered: false,
            });
            self.items.len() - 1
        });
        &mut self.items[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(turn: Option<u32>, text: &str, is_final: bool) -> Option<EngineEvent> {
        Some(EngineEvent::Heard {
            turn: turn.map(TurnId),
            text: text.into(),
            is_final,
        })
    }

    #[test]
    fn the_end_of_an_item_is_told_once_whichever_event_tells_it() {
        let mut turns = Turns::default();
        turns.speech_started("a".into());
        assert!(turns.ended("a".into()));
        assert!(!turns.ended("a".into()));
        assert!(turns.ended("b".into()), "an item whose start was not told");
        assert_eq!(
            turns.settled("b".into(), "words".into()),
            heard(None, "words", false),
            "of no turn of ours"
        );
    }

    #[test]
    fn words_add_up_from_the_beginning_of_the_turn() {
        let mut turns = Turns::default();
        turns.started(TurnId(1));
        turns.speech_started("a".into());
        assert_eq!(turns.words("a".into(), "Quero"), heard(Some(1), "Quero", false));
        assert_eq!(
            turns.words("a".into(), " falar"),
            heard(Some(1), "Quero falar", false)
        );
        turns.started(TurnId(1));
        turns.speech_started("b".into());
        assert_eq!(
            turns.settled("a".into(), "Quero falar".into()),
            heard(Some(1), "Quero falar", false)
        );
        assert_eq!(
            turns.settled("b".into(), "com o João.".into()),
            heard(Some(1), "Quero falar com o João.", true)
        );
        assert_eq!(turns.words("b".into(), "late"), None);
    }

    #[test]
    fn late_words_bear_the_number_of_their_turn() {
        let mut turns = Turns::default();
        turns.started(TurnId(1));
        turns.speech_started("a".into());
        turns.ended("a".into());
        turns.started(TurnId(2));
        turns.speech_started("b".into());
        assert_eq!(
            turns.settled("a".into(), "one".into()),
            heard(Some(1), "one", true)
        );
        assert_eq!(
            turns.settled("b".into(), "two".into()),
            heard(Some(2), "two", true)
        );
    }

    #[test]
    fn speech_that_the_server_heard_first_belongs_to_the_turn_that_begins_while_it_lasts() {
        let mut turns = Turns::default();
        turns.speech_started("a".into());
        turns.started(TurnId(1));
        turns.committed("a".into());
        assert_eq!(turns.discard(TurnId(1)), ["a"]);
    }

    #[test]
    fn a_discarded_turn_is_forgotten_as_soon_as_the_server_has_it() {
        let mut turns = Turns::default();
        turns.started(TurnId(1));
        turns.speech_started("a".into());
        assert!(turns.discard(TurnId(1)).is_empty());
        assert!(!turns.ended("a".into()));
        assert!(turns.committed("a".into()));
        assert_eq!(turns.settled("a".into(), "uhum".into()), None);
        assert!(turns.discard(TurnId(1)).is_empty(), "it is forgotten once");
    }

    #[test]
    fn a_failed_transcript_tells_nothing_but_the_rest_of_its_turn() {
        let mut turns = Turns::default();
        turns.started(TurnId(1));
        turns.speech_started("a".into());
        assert_eq!(turns.failed("a".into()), None);
        turns.speech_started("b".into());
        assert_eq!(
            turns.settled("b".into(), "sim".into()),
            heard(Some(1), "sim", true)
        );
    }
}
