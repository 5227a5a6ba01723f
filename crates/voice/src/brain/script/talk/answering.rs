//! What the caller's words and keys are taken for, and what is done when they are nothing.

use super::people::Meant;
use super::{Talk, Waiting};
use crate::brain::script::format::{Confirm, Step};
use crate::brain::script::speech::{self, Consent};
use call::Digit;
use std::collections::VecDeque;

impl Talk {
    pub(super) fn words(&mut self, text: &str) {
        let silences = std::mem::take(&mut self.silences);
        (self.voiceless, self.missed) = (false, false);
        self.answer_words(text);
        // Somebody who was silent that often may be in doubt what can be said: the keys tell.
        let limit = self.script.file.limits.no_input;
        if limit > 0 && silences >= limit && matches!(self.waiting, Waiting::Choice | Waiting::Consent(_)) {
            self.say_keys();
        }
    }

    pub(super) fn answer_words(&mut self, text: &str) {
        match self.waiting.clone() {
            Waiting::Choice => self.choose(text),
            Waiting::Consent(confirm) => self.consent(text, &confirm),
            Waiting::Value { slot, .. } => self.value(text, &slot),
            Waiting::Approval { slot, value } => self.approve(text, slot, value),
            Waiting::Tool(_) => self.say_phrase(|w| &w.wait),
        }
    }

    pub(super) fn choose(&mut self, text: &str) {
        let language = self.script.file.language;
        // Before the keys: "the first one" has a number in it.
        if let Some(name) = self.chosen_by_place(text) {
            self.follow(Meant::Person(name));
            return;
        }
        if let Some(steps) = speech::spoken_key(language, text).and_then(|key| self.steps_of_key(key)) {
            return self.start(steps);
        }
        if let Some(greeting) = speech::greeting(language, text) {
            return self.say_filled(|w| &w.greeted, &[("greeting", greeting)]);
        }
        if let Some(steps) = speech::consent(language, text).and_then(|c| self.steps_of_consent(c)) {
            return self.start(steps);
        }
        let meant = self.meant(text);
        if self.follow(meant) {
            return;
        }
        match speech::leading_consent(language, text).and_then(|c| self.steps_of_consent(c)) {
            Some(steps) => self.start(steps),
            None => self.miss(),
        }
    }

    pub(super) fn consent(&mut self, text: &str, confirm: &Confirm) {
        let language = self.script.file.language;
        if let Some(consent) = speech::consent(language, text) {
            return self.decide(confirm, consent);
        }
        match self.meant(text) {
            meant @ (Meant::Intent(_) | Meant::Person(_)) => {
                self.follow(meant);
            }
            unclear => match speech::leading_consent(language, text) {
                Some(consent) => self.decide(confirm, consent),
                None => self.ask_or_miss(unclear),
            },
        }
    }

    pub(super) fn decide(&mut self, confirm: &Confirm, consent: Consent) {
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

    pub(super) fn value(&mut self, text: &str, slot: &str) {
        let language = self.script.file.language;
        let spoken = self.slot(slot).spoken(language, text);
        if let Some(value) = spoken {
            return self.take_value(slot, value);
        }
        match self.meant(text) {
            meant @ (Meant::Intent(_) | Meant::Person(_)) => {
                self.follow(meant);
            }
            _ => self.miss(),
        }
    }

    pub(super) fn approve(&mut self, text: &str, slot: String, value: String) {
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

    pub(super) fn key(&mut self, key: Digit) {
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

    pub(super) fn key_of_state(&mut self, key: Digit) {
        match (self.steps_of_key(key.key()), key.key()) {
            (Some(steps), _) => self.start(steps),
            (None, '*') => self.say_keys(),
            (None, '#') => {}
            (None, _) => self.wrong_key(),
        }
    }

    pub(super) fn wrong_key(&mut self) {
        self.say_phrase(|w| &w.wrong_key);
        self.say_keys();
    }

    pub(super) fn key_of_slot(&mut self, key: Digit, slot: String, mut typed: String) {
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

    pub(super) fn unheard(&mut self) {
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

    /// Of several people, asks which; what it means to be either of two intents is not asked within another question.
    fn ask_or_miss(&mut self, unclear: Meant) {
        match unclear {
            people @ (Meant::OneOf(_) | Meant::Like(_)) => {
                self.program.clear();
                self.waiting = Waiting::Choice;
                self.follow(people);
            }
            _ => self.miss(),
        }
    }

    /// Not understood: first asked in other words, then by keys, then given up.
    pub(super) fn miss(&mut self) {
        self.missed = true;
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
    pub(super) fn repeat_consent(&mut self) {
        if matches!(self.waiting, Waiting::Consent(_) | Waiting::Approval { .. }) {
            self.repeat();
        }
    }

    pub(super) fn give_up(&mut self) {
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
}
