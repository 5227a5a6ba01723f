//! One conversation along a script.

use super::Script;
use super::check::{NO, YES, digit};
use super::format::{Choice, Confirm, Message, Slot, State, Step, Texts, Transfer};
use super::matching::Match;
use super::slot::read_back;
use super::speech::{self, Consent};
use crate::brain::clause::sentences;
use crate::brain::{Clock, Mind, Stimulus, Thought, tools};
use call::{Digit, FailureKind, ToolCallId};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

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
}

#[derive(Debug, Clone)]
enum Tool {
    Transfer(Transfer),
    Message(Message),
    End,
}

/// A conversation. All steps up to the next question run at once, so an interruption always finds it waiting for something.
pub(super) struct Talk {
    script: Arc<Script>,
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
    thoughts: VecDeque<Thought>,
    tools: u64,
    waker: Option<Waker>,
}

impl Mind for Talk {
    fn tell(&mut self, stimulus: Stimulus) {
        match stimulus {
            Stimulus::Words(text) => self.answer(|talk| talk.words(&text)),
            Stimulus::Key(key) => self.answer(|talk| talk.key(key)),
            Stimulus::Unheard => self.answer(Self::unheard),
            Stimulus::ToolResult { id, ok, .. } => self.answer(|talk| talk.tool_result(&id, ok)),
            Stimulus::NoInput => self.silences += 1,
            Stimulus::Said(_) => {}
            Stimulus::Interrupted { .. } => self.stop(),
        }
    }

    fn poll_thought(&mut self, cx: &mut Context<'_>) -> Poll<Thought> {
        if let Some(thought) = self.thoughts.pop_front() {
            return Poll::Ready(thought);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Talk {
    pub(super) fn new(script: Arc<Script>, clock: Arc<dyn Clock>) -> Self {
        let state = script.file.start.value.clone();
        let question = script.file.states[&state]
            .ask
            .all()
            .first()
            .cloned()
            .unwrap_or_default();
        Self {
            script,
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
            thoughts: VecDeque::new(),
            tools: 0,
            waker: None,
        }
    }

    fn answer(&mut self, think: impl FnOnce(&mut Self)) {
        self.stop();
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

    fn words(&mut self, text: &str) {
        let silences = std::mem::take(&mut self.silences);
        self.voiceless = false;
        self.answer_words(text);
        // Somebody who was silent that often may be in doubt what can be said: the keys tell.
        let limit = self.script.file.limits.no_input;
        if limit > 0 && silences >= limit && matches!(self.waiting, Waiting::Choice | Waiting::Consent(_)) {
            self.say_keys();
        }
    }

    fn answer_words(&mut self, text: &str) {
        match self.waiting.clone() {
            Waiting::Choice => self.choose(text),
            Waiting::Consent(confirm) => self.consent(text, &confirm),
            Waiting::Value { slot, .. } => self.value(text, &slot),
            Waiting::Approval { slot, value } => self.approve(text, slot, value),
            Waiting::Tool(_) => self.say_phrase(|w| &w.wait),
        }
    }

    fn choose(&mut self, text: &str) {
        let language = self.script.file.language;
        if let Some(steps) = speech::spoken_key(language, text).and_then(|key| self.steps_of_key(key)) {
            return self.start(steps);
        }
        if let Some(greeting) = speech::greeting(language, text) {
            return self.say_filled(|w| &w.greeted, &[("greeting", greeting)]);
        }
        if let Some(steps) = speech::consent(language, text).and_then(|c| self.steps_of_consent(c)) {
            return self.start(steps);
        }
        match self.matched(text) {
            Match::Sure(intent) => return self.start_intent(&intent),
            Match::Either(first, second) => return self.ask_either(&first, &second),
            Match::Nothing => {}
        }
        match speech::leading_consent(language, text).and_then(|c| self.steps_of_consent(c)) {
            Some(steps) => self.start(steps),
            None => self.miss(),
        }
    }

    fn consent(&mut self, text: &str, confirm: &Confirm) {
        let language = self.script.file.language;
        if let Some(consent) = speech::consent(language, text) {
            return self.decide(confirm, consent);
        }
        if let Match::Sure(intent) = self.matched(text) {
            return self.start_intent(&intent);
        }
        match speech::leading_consent(language, text) {
            Some(consent) => self.decide(confirm, consent),
            None => self.miss(),
        }
    }

    fn decide(&mut self, confirm: &Confirm, consent: Consent) {
        let steps = match consent {
            Consent::Yes => &confirm.yes,
            Consent::No => &confirm.no,
        };
        let mut rest: VecDeque<Step> = steps.iter().cloned().collect();
        rest.append(&mut self.program);
        self.program = rest;
        self.misses = 0;
        self.waiting = Waiting::Choice;
        self.run();
    }

    fn value(&mut self, text: &str, slot: &str) {
        let language = self.script.file.language;
        let spoken = self.slot(slot).spoken(language, text);
        if spoken.is_none()
            && let Match::Sure(intent) = self.matched(text)
        {
            return self.start_intent(&intent);
        }
        match spoken {
            Some(value) => self.take_value(slot, value),
            None => self.miss(),
        }
    }

    fn approve(&mut self, text: &str, slot: String, value: String) {
        let language = self.script.file.language;
        let corrected = self
            .slot(&slot)
            .kind
            .typed()
            .then(|| self.slot(&slot).spoken(language, text))
            .flatten();
        if let Some(corrected) = corrected.filter(|c| *c != value) {
            return self.take_value(&slot, corrected);
        }
        match speech::consent(language, text).or_else(|| speech::leading_consent(language, text)) {
            Some(Consent::Yes) => self.keep_value(slot, value),
            Some(Consent::No) => self.ask_slot(&slot),
            None => self.miss(),
        }
    }

    fn key(&mut self, key: Digit) {
        match self.waiting.clone() {
            Waiting::Choice => self.key_of_state(key),
            Waiting::Consent(confirm) => match key.key() {
                '1' => self.decide(&confirm, Consent::Yes),
                '2' => self.decide(&confirm, Consent::No),
                _ => self.wrong_key(),
            },
            Waiting::Value { slot, typed } => self.key_of_slot(key, slot, typed),
            Waiting::Approval { slot, value } => match key.key() {
                '1' => self.keep_value(slot, value),
                '2' => self.ask_slot(&slot),
                _ => self.wrong_key(),
            },
            Waiting::Tool(_) => {}
        }
    }

    fn key_of_state(&mut self, key: Digit) {
        match (self.steps_of_key(key.key()), key.key()) {
            (Some(steps), _) => self.start(steps),
            (None, '*') => self.say_keys(),
            (None, '#') => {}
            (None, _) => self.wrong_key(),
        }
    }

    fn wrong_key(&mut self) {
        self.say_phrase(|w| &w.wrong_key);
        self.say_keys();
    }

    fn key_of_slot(&mut self, key: Digit, slot: String, mut typed: String) {
        let wanted = self.slot(&slot).clone();
        match key.key() {
            '#' if wanted.kind.typed() => match wanted.typed(&typed) {
                Some(value) => return self.take_value(&slot, value),
                None => return self.miss(),
            },
            '#' => return self.skip_value(),
            '*' => return self.ask_slot(&slot),
            digit if wanted.kind.typed() && digit.is_ascii_digit() => typed.push(digit),
            _ => return self.wrong_key(),
        }
        if typed.len() >= wanted.digits().1 {
            return self.take_value(&slot, typed);
        }
        self.waiting = Waiting::Value { slot, typed };
    }

    fn unheard(&mut self) {
        self.voiceless = true;
        match self.waiting.clone() {
            Waiting::Tool(_) => return self.say_phrase(|w| &w.wait),
            // A message of a caller without a voice is the number alone.
            Waiting::Value { slot, .. } if !self.slot(&slot).kind.typed() => return self.skip_value(),
            _ => {}
        }
        self.misses += 1;
        if self.misses > self.script.file.limits.no_match {
            return self.give_up();
        }
        self.say_phrase(|w| &w.unheard);
        self.repeat_consent();
        self.say_keys();
    }

    /// Not understood: first asked in other words, then by keys, then given up.
    fn miss(&mut self) {
        self.misses += 1;
        if self.misses >= self.script.file.limits.no_match {
            return self.give_up();
        }
        let script = self.script.clone();
        let retry = match &self.waiting {
            Waiting::Choice => script.file.states[&self.state]
                .retry
                .as_ref()
                .unwrap_or(&script.wording.no_match),
            Waiting::Value { slot, .. } => script.file.slots[slot]
                .retry
                .as_ref()
                .unwrap_or(&script.wording.retry),
            Waiting::Consent(_) | Waiting::Approval { .. } | Waiting::Tool(_) => &script.wording.retry,
        };
        self.say_texts(retry);
        if let Waiting::Value { typed, .. } = &mut self.waiting {
            typed.clear();
        }
        self.repeat_consent();
        if self.misses > 1 {
            self.say_keys();
        }
    }

    /// A yes or no is understood only with its question.
    fn repeat_consent(&mut self) {
        if matches!(self.waiting, Waiting::Consent(_) | Waiting::Approval { .. }) {
            self.repeat();
        }
    }

    fn give_up(&mut self) {
        self.misses = 0;
        let optional = |slot: &String| !self.script.file.slots[slot].required;
        if let Waiting::Value { slot, .. } | Waiting::Approval { slot, .. } = &self.waiting
            && (self.fell_back || optional(slot))
        {
            return self.skip_value();
        }
        if self.fell_back || self.script.file.fallback.is_empty() {
            self.go_to(self.script.file.start.value.clone());
            return self.say_keys();
        }
        self.fell_back = true;
        self.start(self.script.file.fallback.clone());
    }

    fn tool_result(&mut self, id: &ToolCallId, ok: bool) {
        let Waiting::Tool(pending) = &self.waiting else {
            return;
        };
        if pending.id != *id {
            return;
        }
        let tool = pending.tool.clone();
        self.waiting = Waiting::Choice;
        match (tool, ok) {
            (Tool::Transfer(_) | Tool::End, true) | (Tool::End, false) => self.program.clear(),
            (Tool::Message(message), true) => {
                let script = self.script.clone();
                self.say_texts(message.done.as_ref().unwrap_or(&script.wording.message_done));
                self.run();
            }
            (Tool::Transfer(transfer), false) => {
                self.say_phrase(|w| &w.transfer_failed);
                let own = !transfer.otherwise.is_empty();
                self.instead(if own {
                    transfer.otherwise
                } else {
                    self.script.file.otherwise.clone()
                });
            }
            (Tool::Message(message), false) => {
                self.say_phrase(|w| &w.message_failed);
                self.instead(message.otherwise);
            }
        }
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
                Step::Info(fact) => self.say(&self.script.file.facts[&fact.value].clone()),
                Step::Flow(flow) => self.put_first(&self.script.file.flows[&flow.value].clone()),
                Step::Hours(branches) => {
                    let open = self.script.open_at(self.clock.now()).unwrap_or(true);
                    self.put_first(if open { &branches.open } else { &branches.closed });
                }
                Step::Repeat => self.repeat(),
                Step::Menu => self.say_keys(),
                Step::Go(state) => self.go_to(state.value),
                Step::Ask(slot) if self.skips(&slot.value) => {}
                Step::Ask(slot) => return self.ask_slot(&slot.value),
                Step::Confirm(confirm) => return self.ask_consent(confirm),
                Step::Transfer(transfer) => return self.transfer(transfer),
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

    fn transfer(&mut self, transfer: Transfer) {
        let script = self.script.clone();
        self.say_texts(transfer.say.as_ref().unwrap_or(&script.wording.transferring));
        self.use_tool(
            tools::TRANSFER_CALL,
            json!({"destination": transfer.to}),
            Tool::Transfer(transfer),
        );
    }

    fn take_message(&mut self, message: Message) {
        let mut arguments = Map::new();
        for slot in &message.slots {
            // Taken out, so that a second message asks again.
            if let Some(value) = self.values.remove(&slot.value).filter(|v| !v.is_empty()) {
                arguments.insert(slot.value.clone(), Value::String(value));
            }
        }
        self.use_tool(
            tools::TAKE_MESSAGE,
            Value::Object(arguments),
            Tool::Message(message),
        );
    }

    fn use_tool(&mut self, name: &str, arguments: Value, tool: Tool) {
        self.tools += 1;
        let id = ToolCallId(format!("script-{}", self.tools));
        self.waiting = Waiting::Tool(Pending { id: id.clone(), tool });
        self.thoughts.push_back(Thought::Tool {
            id,
            name: name.into(),
            arguments,
        });
    }

    fn repeat(&mut self) {
        let question = self.question.clone();
        self.say(&question);
    }

    fn ask_either(&mut self, first: &str, second: &str) {
        let label = |intent: &str| self.label(intent, None);
        let (first, second) = (label(first), label(second));
        self.say_filled(|w| &w.either, &[("first", &first), ("second", &second)]);
    }

    /// What can be done with keys now.
    fn say_keys(&mut self) {
        match self.waiting.clone() {
            Waiting::Choice => self.say_menu(),
            Waiting::Consent(_) | Waiting::Approval { .. } => self.say_phrase(|w| &w.yes_no_keys),
            Waiting::Value { slot, .. } => {
                let script = self.script.clone();
                let slot = &script.file.slots[&slot];
                match slot.kind.typed() {
                    true => self.ask(slot.keys.as_ref().unwrap_or(&script.wording.type_number)),
                    false => self.ask(&slot.ask),
                }
            }
            Waiting::Tool(_) => {}
        }
    }

    fn say_menu(&mut self) {
        let keyed = |choice: &Choice| {
            let key = choice.key.as_ref()?.value.clone();
            Some((key, self.label(&choice.intent.value, choice.label.as_deref())))
        };
        let mut menu: Vec<(String, String)> = Vec::new();
        for (key, label) in self
            .state()
            .choices
            .iter()
            .chain(&self.script.file.everywhere)
            .filter_map(keyed)
        {
            if menu.iter().all(|(taken, _)| *taken != key) {
                menu.push((key, label));
            }
        }
        for (key, label) in menu {
            self.say_filled(|w| &w.menu, &[("label", &label), ("key", &key)]);
        }
    }

    fn label(&self, intent: &str, own: Option<&str>) -> String {
        let of_intent = self
            .script
            .file
            .intents
            .get(intent)
            .and_then(|i| i.label.as_deref());
        own.or(of_intent).unwrap_or(intent).into()
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

    fn matched(&self, text: &str) -> Match {
        self.script
            .matcher
            .best(text, |intent| self.choice(|c| c.intent.value == intent).is_some())
    }

    fn ask(&mut self, texts: &Texts) {
        let text = self.next_of(texts);
        self.say_question(text);
    }

    fn say_question(&mut self, text: String) {
        self.say(&text);
        self.question = text;
    }

    fn say_phrase(&mut self, phrase: impl Fn(&super::phrases::Wording) -> &Texts) {
        self.say_filled(phrase, &[]);
    }

    fn say_filled(&mut self, phrase: impl Fn(&super::phrases::Wording) -> &Texts, values: &[(&str, &str)]) {
        let script = self.script.clone();
        let mut text = self.next_of(phrase(&script.wording));
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        self.say(&text);
    }

    fn say_texts(&mut self, texts: &Texts) {
        let text = self.next_of(texts);
        self.say(&text);
    }

    /// The next of several texts; each in its turn, so that nothing is said twice alike in a row.
    fn next_of(&mut self, texts: &Texts) -> String {
        let all = texts.all();
        let Some(first) = all.first() else {
            return String::new();
        };
        let used = self.said.entry(first.clone()).or_default();
        let text = &all[*used % all.len()];
        *used += 1;
        text.clone()
    }

    fn say(&mut self, text: &str) {
        let mut text = text.to_string();
        for (slot, value) in &self.values {
            text = text.replace(&format!("{{{slot}}}"), value);
        }
        self.thoughts
            .extend(sentences(&text).into_iter().map(Thought::Clause));
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
