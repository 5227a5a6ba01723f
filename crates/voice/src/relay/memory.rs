//! What was said in a call, as a session that takes over has to know it: pure.

use crate::engine::Exchange;
use call::{AnswerId, Cause, EngineCommand, EngineEvent, Role, ToolCallId, TurnId};
use std::collections::VecDeque;
use std::sync::Arc;

/// What is remembered at most: a long call's last half hour.
const MOST: usize = 200;

/// Tools whose results are awaited, and results of one turn, at most: the call admits sixteen at a time.
const TOOLS: usize = 32;

/// How much of a conversation the next session is told, and of one answer is kept, in bytes: engines refuse what is too long.
const MOST_TOLD: usize = 12_000;
const MOST_OF_ONE: usize = 8_000;

/// The conversation so far, and what of it is under way.
#[derive(Debug, Default)]
pub(super) struct Memory {
    said: VecDeque<Said>,
    turn: Option<Turn>,
    /// Answers that have begun and not ended.
    open: Vec<AnswerId>,
    tools: Vec<Tool>,
    /// What was done for the last turn by tools.
    done: Vec<String>,
    /// Changes with all that is said.
    epoch: u64,
}

#[derive(Debug)]
struct Said {
    by: By,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Caller(TurnId),
    Secretary(AnswerId),
}

/// The caller's last turn.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    /// Its words, once all are known.
    pub(super) words: Option<String>,
    /// Whether its words were asked for.
    pub(super) transcribe: bool,
    /// Whether its answer was.
    pub(super) responded: bool,
    /// Whether that was given whole.
    pub(super) answered: bool,
    /// Whether more of it may come, after a tool.
    follows: bool,
}

#[derive(Debug)]
struct Tool {
    id: ToolCallId,
    name: String,
    /// Whether the session that called it is gone.
    stranger: bool,
}

/// What is owed for a turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owed {
    /// The answer to these words.
    Words(String),
    /// The answer to its sound, of which the words are not known.
    Sound,
}

impl Memory {
    /// A command of the call.
    pub(super) fn commanded(&mut self, command: &EngineCommand) {
        match command {
            EngineCommand::TurnStarted { turn } => self.turn_started(*turn),
            EngineCommand::Transcribe { turn } => {
                if let Some(current) = self.turn_of(*turn) {
                    current.transcribe = true;
                }
            }
            EngineCommand::Respond { turn } => {
                if let Some(current) = self.turn_of(*turn) {
                    current.responded = true;
                }
            }
            EngineCommand::Discard { turn } => {
                self.turn.take_if(|current| current.id == *turn);
                self.said.retain(|said| said.by != By::Caller(*turn));
            }
            EngineCommand::Interrupt { answer, text, .. } => self.heard_of(*answer, text),
            EngineCommand::ToolResult { id, ok, result } => {
                if let Some(tool) = self.tools.iter().find(|tool| tool.id == *id)
                    && self.done.len() < TOOLS
                {
                    let how = if *ok { "" } else { " failed:" };
                    self.done.push(format!("{}{how} {result}", tool.name));
                }
            }
            EngineCommand::Say { .. } | EngineCommand::Dtmf { .. } | EngineCommand::NoInput => {}
        }
    }

    fn turn_started(&mut self, id: TurnId) {
        match &mut self.turn {
            Some(turn) if turn.id == id => {
                turn.words = None;
                turn.transcribe = false;
                turn.responded = false;
                turn.follows = false;
            }
            _ => {
                self.keep_unanswered_words();
                self.turn = Some(Turn {
                    id,
                    words: None,
                    transcribe: false,
                    responded: false,
                    answered: false,
                    follows: false,
                });
                self.done.clear();
            }
        }
    }

    /// The caller goes on before they were answered: what they said stays said.
    fn keep_unanswered_words(&mut self) {
        let Some(old) = self.turn.take().filter(|turn| turn.responded && !turn.answered) else {
            return;
        };
        if let Some(words) = old.words
            && self.find(By::Caller(old.id)).is_none()
        {
            self.add(By::Caller(old.id), words);
        }
    }

    fn turn_of(&mut self, id: TurnId) -> Option<&mut Turn> {
        self.turn.as_mut().filter(|turn| turn.id == id)
    }

    /// What the session that serves has told, with the call's numbers.
    pub(super) fn told(&mut self, event: &EngineEvent) {
        match event {
            EngineEvent::Heard { turn, text, is_final } => self.words(*turn, text, *is_final),
            EngineEvent::AnswerStarted { answer, cause } => self.answer_started(*answer, *cause),
            EngineEvent::AnswerText { answer, text, .. } => {
                if let Some(said) = self.find(By::Secretary(*answer))
                    && said.text.len() < MOST_OF_ONE
                {
                    said.text.push_str(text);
                }
            }
            EngineEvent::AnswerDone { answer } => self.answer_done(*answer),
            EngineEvent::ToolCall { id, name, .. } if self.tools.len() < TOOLS => {
                if let Some(turn) = &mut self.turn {
                    turn.follows = true;
                }
                self.tools.push(Tool {
                    id: id.clone(),
                    name: name.clone(),
                    stranger: false,
                });
            }
            EngineEvent::ToolCancelled { id } => self.tool_forgotten(id),
            _ => {}
        }
    }

    fn words(&mut self, turn: Option<TurnId>, text: &str, is_final: bool) {
        let Some(id) = turn.or(self.turn.as_ref().map(|turn| turn.id)) else {
            return;
        };
        if let Some(current) = self.turn_of(id)
            && is_final
            && !text.trim().is_empty()
        {
            current.words = Some(text.to_owned());
        }
        if let Some(said) = self.find(By::Caller(id)) {
            said.text = text.to_owned();
        }
    }

    fn answer_started(&mut self, answer: AnswerId, cause: Cause) {
        if let Cause::Turn(id) = cause
            && self.find(By::Caller(id)).is_none()
        {
            let words = self.turn_of(id).and_then(|turn| turn.words.clone());
            self.add(By::Caller(id), words.unwrap_or_default());
        }
        if let Some(turn) = &mut self.turn
            && cause == Cause::FollowUp
            && turn.responded
        {
            (turn.follows, turn.answered) = (false, false);
        }
        self.open.push(answer);
        self.add(By::Secretary(answer), String::new());
    }

    fn answer_done(&mut self, answer: AnswerId) {
        let Some(at) = self.open.iter().position(|open| *open == answer) else {
            // It has ended before, or its session is gone: then its turn is still owed.
            return;
        };
        self.open.remove(at);
        if let Some(turn) = &mut self.turn
            && turn.responded
            && !turn.follows
            && self.open.is_empty()
            && self.tools.is_empty()
        {
            turn.answered = true;
        }
    }

    /// Of an answer only this was heard.
    fn heard_of(&mut self, answer: AnswerId, text: &str) {
        if let Some(said) = self.find(By::Secretary(answer)) {
            said.text = text.to_owned();
            self.epoch += 1;
        }
        self.answer_done(answer);
    }

    fn find(&mut self, by: By) -> Option<&mut Said> {
        self.said.iter_mut().rev().find(|said| said.by == by)
    }

    fn add(&mut self, by: By, text: String) {
        if self.said.len() == MOST {
            self.said.pop_front();
        }
        self.said.push_back(Said { by, text });
        self.epoch += 1;
    }

    /// The session that gave them is gone: which answers were under way. Tools that it called are nobody's from here on.
    pub(super) fn close_answers(&mut self) -> Vec<AnswerId> {
        for tool in &mut self.tools {
            tool.stranger = true;
        }
        std::mem::take(&mut self.open)
    }

    /// The last turn, unless it was answered.
    pub(super) fn turn(&self) -> Option<&Turn> {
        self.turn.as_ref().filter(|turn| !turn.answered)
    }

    /// The turn whose answer is owed.
    pub(super) fn owed(&self) -> Option<TurnId> {
        self.turn().filter(|turn| turn.responded).map(|turn| turn.id)
    }

    /// What another session is to answer for that turn, with what was done for it already.
    pub(super) fn words_owed(&self, id: TurnId) -> Owed {
        let words = self
            .turn()
            .filter(|turn| turn.id == id)
            .and_then(|turn| turn.words.clone());
        let Some(mut words) = words else {
            return Owed::Sound;
        };
        if !self.done.is_empty() {
            words.push_str("\n\n[Already done for this, and not to be done again: ");
            words.push_str(&self.done.join("; "));
            words.push(']');
        }
        Owed::Words(words)
    }

    /// Another number whenever something was said.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What was said before the turn whose answer is owed; of a long conversation the end.
    pub(super) fn history(&self) -> Arc<[Exchange]> {
        let owed = self.owed().map(By::Caller);
        let said: Vec<Exchange> = self
            .said
            .iter()
            .take_while(|said| Some(said.by) != owed)
            .filter(|said| !said.text.trim().is_empty())
            .map(|said| Exchange {
                role: match said.by {
                    By::Caller(_) => Role::User,
                    By::Secretary(_) => Role::Assistant,
                },
                text: said.text.trim().to_owned(),
            })
            .collect();
        let mut told = 0;
        let kept = said
            .iter()
            .rev()
            .take_while(|exchange| {
                told += exchange.text.len();
                told <= MOST_TOLD
            })
            .count();
        said.get(said.len() - kept..).unwrap_or_default().into()
    }

    /// Whether a tool is under way whose session is gone.
    pub(super) fn tools_pending(&self) -> bool {
        self.tools.iter().any(|tool| tool.stranger)
    }

    /// Whether a tool was called by a session that is gone.
    pub(super) fn is_strangers(&self, id: &ToolCallId) -> bool {
        self.tools.iter().any(|tool| tool.id == *id && tool.stranger)
    }

    /// A tool has ended.
    pub(super) fn tool_forgotten(&mut self, id: &ToolCallId) {
        self.tools.retain(|tool| tool.id != *id);
    }

    /// Whether nothing is said, owed or under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.open.is_empty() && self.tools.is_empty() && self.turn().is_none_or(|turn| turn.follows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::PlayedMs;

    fn turn(memory: &mut Memory, id: u32, words: &str) {
        let turn = TurnId(id);
        memory.commanded(&EngineCommand::TurnStarted { turn });
        memory.told(&EngineEvent::Heard {
            turn: Some(turn),
            text: words.into(),
            is_final: true,
        });
        memory.commanded(&EngineCommand::Respond { turn });
    }

    fn answer(memory: &mut Memory, id: u64, turn: u32, text: &str) {
        let answer = AnswerId(id);
        memory.told(&EngineEvent::AnswerStarted {
            answer,
            cause: Cause::Turn(TurnId(turn)),
        });
        memory.told(&EngineEvent::AnswerText {
            answer,
            text: text.into(),
            at_ms: None,
        });
    }

    fn texts(memory: &Memory) -> Vec<String> {
        memory.history().iter().map(|said| said.text.clone()).collect()
    }

    #[test]
    fn what_is_owed_is_no_history_and_its_words_are_asked() {
        let mut memory = Memory::default();
        turn(&mut memory, 1, "Bom dia");
        answer(&mut memory, 1, 1, "Bom dia!");
        memory.told(&EngineEvent::AnswerDone { answer: AnswerId(1) });
        assert!(memory.is_quiet());
        turn(&mut memory, 2, "Qual é o horário?");
        answer(&mut memory, 2, 2, "Das oi");
        assert_eq!(memory.close_answers(), [AnswerId(2)]);
        assert_eq!(texts(&memory), ["Bom dia", "Bom dia!"]);
        assert_eq!(memory.owed(), Some(TurnId(2)));
        assert_eq!(
            memory.words_owed(TurnId(2)),
            Owed::Words("Qual é o horário?".into())
        );
    }

    #[test]
    fn of_an_interrupted_answer_what_was_heard_is_remembered() {
        let mut memory = Memory::default();
        turn(&mut memory, 1, "Oi");
        answer(&mut memory, 1, 1, "Temos três planos: o primeiro");
        memory.told(&EngineEvent::AnswerDone { answer: AnswerId(1) });
        memory.commanded(&EngineCommand::Interrupt {
            answer: AnswerId(1),
            heard: PlayedMs(700),
            text: "Temos três".into(),
        });
        assert_eq!(texts(&memory), ["Oi", "Temos três"]);
        assert!(memory.is_quiet());
    }

    #[test]
    fn words_that_come_after_their_answer_stand_before_it() {
        let mut memory = Memory::default();
        memory.commanded(&EngineCommand::TurnStarted { turn: TurnId(1) });
        memory.commanded(&EngineCommand::Respond { turn: TurnId(1) });
        answer(&mut memory, 1, 1, "Pois não");
        memory.told(&EngineEvent::Heard {
            turn: Some(TurnId(1)),
            text: "Alô".into(),
            is_final: true,
        });
        memory.told(&EngineEvent::AnswerDone { answer: AnswerId(1) });
        assert_eq!(texts(&memory), ["Alô", "Pois não"]);
    }

    #[test]
    fn a_tool_of_a_session_that_is_gone_is_awaited_and_its_result_told() {
        let mut memory = Memory::default();
        turn(&mut memory, 1, "Anote um recado");
        let id = ToolCallId("t".into());
        memory.told(&EngineEvent::ToolCall {
            id: id.clone(),
            name: "take_message".into(),
            arguments: serde_json::json!({}),
        });
        memory.close_answers();
        assert!(memory.tools_pending());
        memory.commanded(&EngineCommand::ToolResult {
            id: id.clone(),
            ok: true,
            result: "noted".into(),
        });
        memory.tool_forgotten(&id);
        assert!(!memory.tools_pending());
        let Owed::Words(words) = memory.words_owed(TurnId(1)) else {
            panic!("its words are known");
        };
        assert!(words.contains("take_message noted"), "{words}");
    }

    #[test]
    fn a_turn_whose_answer_goes_on_after_a_tool_is_owed_until_then() {
        let mut memory = Memory::default();
        turn(&mut memory, 1, "Fale com a Ana");
        let id = ToolCallId("t".into());
        memory.told(&EngineEvent::ToolCall {
            id: id.clone(),
            name: "transfer_call".into(),
            arguments: serde_json::json!({}),
        });
        // The call has answered before the engine tells that its answer is over.
        memory.tool_forgotten(&id);
        answer(&mut memory, 1, 1, "Um momento");
        memory.told(&EngineEvent::AnswerDone { answer: AnswerId(1) });
        assert_eq!(memory.owed(), Some(TurnId(1)));
        memory.told(&EngineEvent::AnswerStarted {
            answer: AnswerId(2),
            cause: Cause::FollowUp,
        });
        memory.close_answers();
        assert_eq!(memory.owed(), Some(TurnId(1)), "cut short");
    }

    #[test]
    fn of_a_long_conversation_the_end_is_told() {
        let mut memory = Memory::default();
        for number in 1..100 {
            turn(&mut memory, number, &"a".repeat(300));
            answer(&mut memory, number.into(), number, "sim");
            memory.told(&EngineEvent::AnswerDone {
                answer: AnswerId(number.into()),
            });
        }
        let told: usize = memory.history().iter().map(|said| said.text.len()).sum();
        assert!((MOST_TOLD - 400..=MOST_TOLD).contains(&told), "{told}");
    }

    #[test]
    fn a_turn_that_was_none_leaves_nothing() {
        let mut memory = Memory::default();
        turn(&mut memory, 1, "uhum");
        memory.commanded(&EngineCommand::Discard { turn: TurnId(1) });
        assert!(memory.is_quiet());
        assert_eq!(memory.owed(), None);
    }
}
