//! Putting into words: questions, menus, phrases.

use super::{Talk, Waiting};
use crate::brain::Thought;
use crate::brain::clause::sentences;
use crate::brain::script::format::{Choice, Texts};
use crate::brain::script::phrases::Wording;

impl Talk {
    pub(super) fn repeat(&mut self) {
        let question = self.question.clone();
        self.say(&question);
    }

    pub(super) fn ask_either(&mut self, first: &str, second: &str) {
        let label = |intent: &str| self.label(intent, None);
        let (first, second) = (label(first), label(second));
        self.say_filled(|w| &w.either, &[("first", &first), ("second", &second)]);
    }

    /// What can be done with keys now.
    pub(super) fn say_keys(&mut self) {
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

    pub(super) fn say_menu(&mut self) {
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

    pub(super) fn label(&self, intent: &str, own: Option<&str>) -> String {
        let of_intent = self
            .script
            .file
            .intents
            .get(intent)
            .and_then(|i| i.label.as_deref());
        own.or(of_intent).unwrap_or(intent).into()
    }

    pub(super) fn ask(&mut self, texts: &Texts) {
        let text = self.next_of(texts);
        self.say_question(text);
    }

    pub(super) fn say_question(&mut self, text: String) {
        self.say(&text);
        self.question = text;
    }

    pub(super) fn say_phrase(&mut self, phrase: impl Fn(&Wording) -> &Texts) {
        self.say_filled(phrase, &[]);
    }

    pub(super) fn say_filled(&mut self, phrase: impl Fn(&Wording) -> &Texts, values: &[(&str, &str)]) {
        let text = self.filled(phrase, values);
        self.say(&text);
    }

    pub(super) fn filled(&mut self, phrase: impl Fn(&Wording) -> &Texts, values: &[(&str, &str)]) -> String {
        let script = self.script.clone();
        let mut text = self.next_of(phrase(&script.wording));
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    pub(super) fn say_texts(&mut self, texts: &Texts) {
        let text = self.next_of(texts);
        self.say(&text);
    }

    /// The next of several texts; each in its turn, so that nothing is said twice alike in a row.
    pub(super) fn next_of(&mut self, texts: &Texts) -> String {
        let all = texts.all();
        let Some(first) = all.first() else {
            return String::new();
        };
        let used = self.said.entry(first.clone()).or_default();
        let text = &all[*used % all.len()];
        *used += 1;
        text.clone()
    }

    /// A text with the values of slots that stand in it.
    pub(super) fn with_values(&mut self, text: &str) -> String {
        let mut text = text.to_string();
        for (slot, value) in &self.values {
            let place = format!("{{{slot}}}");
            self.tells |= text.contains(&place) && self.office.is_sensitive(slot);
            text = text.replace(&place, value);
        }
        text
    }

    pub(super) fn say(&mut self, text: &str) {
        let text = self.with_values(text);
        self.thoughts
            .extend(sentences(&text).into_iter().map(Thought::Clause));
    }
}
