//! One conversation along a script.

mod answering;
mod people;
mod saying;
mod unheard;
mod using;

use super::Script;
use super::check::{NO, YES, digit};
use super::format::{Availability, Choice, Confirm, Message, Slot, State, Step};
use super::office::Office;
use super::slot::read_back;
use super::speech::Consent;
use crate::brain::{Clock, Mind, Stimulus, Thought, tools};
use call::{FailureKind, ToolCallId};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use unheard::Before;

/// The steps that run without an answer of the caller; [`super::check`] forbids circles, so this is never met.
const LONGEST_RUN: usize = 1_000;

/// What the next words or keys are for.
#[derive(Debug, Clone)]
enum Waiting {
    /// A choice of the present state.
    Choice,
    /// A yes or no that decides how to go on.
    Consent(Confirm),
    /// The value of a slot.
    Value { slot: String, typed: String },
    /// A yes or no to the value as it was understood.
    Approval { slot: String, value: String },
    /// The result of a tool.
    Tool(Pending),
}

/// A tool whose result is awaited.
#[derive(Debug, Clone)]
struct Pending {
    id: ToolCallId,
    tool: Tool,
    /// The caller interrupted the words that announce it: a transfer is called off then, which is no failure of it.
    interrupted: bool,
}

#[derive(Debug, Clone)]
enum Tool {
    /// A transfer, announced or not, or one to a mailbox: what is done if it comes to nothing.
    Transfer {
        otherwise: Vec<Step>,
    },
    Message(Message),
    Check(Availability),
    /// The conversation goes on, whatever comes of it.
    Aside,
    End,
}

/// A conversation. All steps up to the next question run at once, so an interruption always finds it waiting for something.
#[derive(Clone)]
pub(super) struct Talk {
    script: Arc<Script>,
    office: Arc<Office>,
    clock: Arc<dyn Clock>,
    state: String,
    waiting: Waiting,
    /// What is still to do once the present question is answered.
    program: VecDeque<Step>,
    values: BTreeMap<String, String>,
    /// How often the present question was not answered.
    misses: u32,
    silences: u32,
    /// The caller speaks, but cannot be understood: only keys help.
    voiceless: bool,
    /// The fallback was taken once: a second time nothing is insisted on.
    fell_back: bool,
    /// How often each list of texts was used.
    said: BTreeMap<String, usize>,
    question: String,
    /// Whose names the caller was asked to choose from last.
    offered: Vec<String>,
    /// The last answer tells a value that is for nobody else.
    tells: bool,
    thoughts: VecDeque<Thought>,
    tools: u64,
    /// The last words were not understood.
    missed: bool,
    /// Where the conversation stood before the last words, as long as nothing else has happened.
    before: Option<Before>,
    /// Words whose answer was never heard.
    unheard: Option<String>,
    waker: Option<Waker>,
}

impl Mind for Talk {
    fn tell(&mut self, stimulus: Stimulus) {
        match stimulus {
            Stimulus::Words(text) => self.answer(|talk| talk.hear(&text)),
            Stimulus::Key(key) => {
                self.move_on();
                self.answer(|talk| talk.key(key));
            }
            Stimulus::Unheard => {
                self.move_on();
                self.answer(Self::unheard);
            }
            Stimulus::ToolResult { id, ok, result } => {
                self.answer(|talk| talk.tool_result(&id, ok, &result));
            }
            Stimulus::NoInput => self.silences += 1,
            Stimulus::Said(_) => self.move_on(),
            Stimulus::Interrupted { heard } => self.interrupted(&heard),
        }
    }

    fn poll_thought(&mut self, cx: &mut Context<'_>) -> Poll<Thought> {
        if let Some(thought) = self.thoughts.pop_front() {
            return Poll::Ready(thought);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Key words tell what is spoken of; labels name it in other words.
    fn vocabulary(&self) -> Vec<String> {
        let intents = &self.script.file.intents;
        let first = intents.values().filter_map(|intent| intent.words.first());
        let labels = intents.values().filter_map(|intent| intent.label.as_ref());
        let others = intents.values().flat_map(|intent| intent.words.iter().skip(1));
        first.chain(labels).chain(others).cloned().collect()
    }

    /// The first example of each intent that menus can name; thanks and farewells are short and well understood.
    fn sayings(&self) -> Vec<String> {
        let intents = self.script.file.intents.values();
        let named = intents.filter(|intent| intent.label.is_some());
        named
            .filter_map(|intent| intent.examples.first().cloned())
            .collect()
    }

    fn is_private(&self) -> bool {
        let asks = match &self.waiting {
            Waiting::Value { slot, .. } | Waiting::Approval { slot, .. } => self.office.is_sensitive(slot),
            Waiting::Choice | Waiting::Consent(_) | Waiting::Tool(_) => false,
        };
        asks || self.tells
    }
}

impl Talk {
    pub(super) fn new(script: Arc<Script>, office: Arc<Office>, clock: Arc<dyn Clock>) -> Self {
        let state = script.file.start.value.clone();
        let question = script.file.states[&state]
            .ask
            .all()
            .first()
            .cloned()
            .unwrap_or_default();
        Self {
            script,
            office,
            clock,
            state,
            waiting: Waiting::Choice,
            program: VecDeque::new(),
            values: BTreeMap::new(),
            misses: 0,
            silences: 0,
            voiceless: false,
            fell_back: false,
            said: BTreeMap::new(),
            question,
            offered: Vec::new(),
            tells: false,
            thoughts: VecDeque::new(),
            tools: 0,
            missed: false,
            before: None,
            unheard: None,
            waker: None,
        }
    }

    fn answer(&mut self, think: impl FnOnce(&mut Self)) {
        self.stop();
        self.tells = false;
        think(self);
        self.thoughts.push_back(Thought::Done);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Ends the answer under way. A tool that nobody has been told of is not used.
    fn stop(&mut self) {
        let untold = self.thoughts.drain(..).any(|t| matches!(t, Thought::Tool { .. }));
        if untold {
            self.waiting = Waiting::Choice;
            self.program.clear();
        }
    }

    fn state(&self) -> &State {
        &self.script.file.states[&self.state]
    }

    /// What comes in place of a tool that failed: the steps, or the state's question again.
    fn instead(&mut self, steps: Vec<Step>) {
        if steps.is_empty() {
            self.program.clear();
            return self.go_to(self.state.clone());
        }
        self.start(steps);
    }

    fn start_intent(&mut self, intent: &str) {
        match self.choice(|choice| choice.intent.value == intent) {
            Some(choice) => self.start(choice.steps),
            None => self.miss(),
        }
    }

    fn start(&mut self, steps: Vec<Step>) {
        self.misses = 0;
        // What is taken up leaves the question which of them.
        self.offered.clear();
        self.program = steps.into();
        let was = std::mem::replace(&mut self.waiting, Waiting::Choice);
        // "What did you say?" does not answer the question.
        if matches!(self.program.front(), Some(Step::Repeat)) {
            self.waiting = was;
        }
        self.run();
    }

    /// Runs steps until one waits for the caller or for a tool.
    fn run(&mut self) {
        for _ in 0..LONGEST_RUN {
            let Some(step) = self.program.pop_front() else {
                return;
            };
            match step {
                Step::Say(texts) => self.say_texts(&texts),
                Step::Info(fact) => {
                    let office = self.office.clone();
                    self.say(office.fact(&fact.value));
                }
                Step::Flow(flow) => self.put_first(&self.script.file.flows[&flow.value].clone()),
                Step::Hours(branches) => {
                    let open = self.office.is_open(self.clock.now());
                    self.put_first(if open { &branches.open } else { &branches.closed });
                }
                Step::Repeat => self.repeat(),
                Step::Menu => self.say_keys(),
                Step::Go(state) => self.go_to(state.value),
                Step::Ask(slot) if self.skips(&slot.value) => {}
                Step::Ask(slot) => return self.ask_slot(&slot.value),
                Step::Confirm(confirm) => return self.ask_consent(confirm),
                Step::Transfer(transfer) => return self.transfer(transfer),
                Step::Voicemail(voicemail) => return self.voicemail(voicemail),
                Step::Check(availability) => {
                    let arguments = json!({"destination": availability.to.value});
                    let tool = Tool::Check(availability);
                    return self.use_tool(tools::CHECK_EXTENSION_AVAILABLE, arguments, tool);
                }
                Step::Hold(texts) => {
                    self.say_texts(&texts);
                    return self.use_tool(tools::HOLD_CALL, json!({}), Tool::Aside);
                }
                Step::Resume => return self.use_tool(tools::RESUME_CALL, json!({}), Tool::Aside),
                Step::Keys(keys) => {
                    return self.use_tool(tools::SEND_DTMF, json!({"keys": keys.value}), Tool::Aside);
                }
                Step::Record(recording) => {
                    let arguments = json!({"action": recording.action()});
                    return self.use_tool(tools::RECORD_CALL, arguments, Tool::Aside);
                }
                Step::Message(message) => match self.missing_slot(&message) {
                    Some(slot) => {
                        self.program.push_front(Step::Message(message));
                        return self.ask_slot(&slot);
                    }
                    None => return self.take_message(message),
                },
                Step::End(texts) => {
                    self.say_texts(&texts);
                    return self.use_tool(tools::END_CALL, json!({}), Tool::End);
                }
            }
        }
    }

    fn put_first(&mut self, steps: &[Step]) {
        for step in steps.iter().rev() {
            self.program.push_front(step.clone());
        }
    }

    fn go_to(&mut self, state: String) {
        self.state = state;
        self.misses = 0;
        self.waiting = Waiting::Choice;
        let ask = self.state().ask.clone();
        self.ask(&ask);
        if self.voiceless {
            self.say_keys();
        }
    }

    fn ask_consent(&mut self, confirm: Confirm) {
        self.misses = 0;
        self.ask(&confirm.ask.clone());
        self.waiting = Waiting::Consent(confirm);
        if self.voiceless {
            self.say_keys();
        }
    }

    fn ask_slot(&mut self, name: &str) {
        let slot = self.slot(name).clone();
        self.waiting = Waiting::Value {
            slot: name.into(),
            typed: String::new(),
        };
        self.values.remove(name);
        if self.voiceless && slot.kind.typed() {
            return self.say_keys();
        }
        self.ask(&slot.ask);
    }

    /// The first slot of a message that has neither a value nor been given up.
    fn missing_slot(&self, message: &Message) -> Option<String> {
        message
            .slots
            .iter()
            .map(|s| &s.value)
            .find(|slot| !self.values.contains_key(*slot) && !self.skips(slot))
            .cloned()
    }

    /// Whether a slot is not asked for, because the caller could not answer.
    fn skips(&self, slot: &str) -> bool {
        self.voiceless && !self.slot(slot).kind.typed()
    }

    fn take_value(&mut self, name: &str, value: String) {
        let slot = self.slot(name).clone();
        let Some(confirm) = slot.confirm else {
            return self.keep_value(name.into(), value);
        };
        let spoken = read_back(self.script.file.language, slot.kind, &value);
        let text = self.next_of(&confirm).replace("{value}", &spoken);
        self.misses = 0;
        self.say_question(text);
        self.waiting = Waiting::Approval {
            slot: name.into(),
            value,
        };
        if self.voiceless {
            self.say_keys();
        }
    }

    fn keep_value(&mut self, slot: String, value: String) {
        self.values.insert(slot, value);
        self.misses = 0;
        self.waiting = Waiting::Choice;
        self.run();
    }

    /// Goes on without the value of the present slot.
    fn skip_value(&mut self) {
        if let Waiting::Value { slot, .. } | Waiting::Approval { slot, .. } = self.waiting.clone() {
            self.keep_value(slot, String::new());
        }
    }

    fn slot(&self, name: &str) -> &Slot {
        &self.script.file.slots[name]
    }

    /// The first choice of the state, or else of everywhere, that fits.
    fn choice(&self, fits: impl Fn(&Choice) -> bool) -> Option<Choice> {
        self.state()
            .choices
            .iter()
            .chain(&self.script.file.everywhere)
            .find(|c| fits(c))
            .cloned()
    }

    fn steps_of_key(&self, key: char) -> Option<Vec<Step>> {
        let fits = |choice: &Choice| {
            choice
                .key
                .as_ref()
                .and_then(|k| digit(&k.value))
                .is_some_and(|k| k.key() == key)
        };
        self.choice(fits).map(|choice| choice.steps)
    }

    fn steps_of_consent(&self, consent: Consent) -> Option<Vec<Step>> {
        let intent = match consent {
            Consent::Yes => YES,
            Consent::No => NO,
        };
        self.choice(|choice| choice.intent.value == intent)
            .map(|choice| choice.steps)
    }
}

/// A conversation whose script cannot be used.
pub(super) struct Broken {
    failure: Option<String>,
}

impl Broken {
    pub(super) fn new(failure: String) -> Self {
        Self {
            failure: Some(failure),
        }
    }
}

impl Mind for Broken {
    fn tell(&mut self, _stimulus: Stimulus) {}

    fn poll_thought(&mut self, _cx: &mut Context<'_>) -> Poll<Thought> {
        match self.failure.take() {
            Some(message) => Poll::Ready(Thought::Failed {
                kind: FailureKind::Unsupported,
                message,
            }),
            None => Poll::Pending,
        }
    }
}
