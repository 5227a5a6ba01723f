//! Whom the caller wants to speak to, where that is no intent of the script: by name, and only while somebody is there.

use super::Talk;
use crate::brain::script::format::{Confirm, Step, Texts, Transfer, unwritten};
use crate::brain::script::matching::Match;
use crate::brain::script::speech;
use jiff::Zoned;
use secretary::{Destination, Found, Language, Opening, spoken_opening};
use std::collections::BTreeSet;

/// What words were taken for.
#[derive(Debug, PartialEq)]
pub(super) enum Meant {
    /// An intent.
    Intent(String),
    /// One of two intents.
    Either(String, String),
    /// The destination of that name.
    Person(String),
    /// One of these destinations.
    OneOf(Vec<String>),
    /// Somebody whom nobody here is called; the name nearest to it.
    Like(String),
    /// Nothing.
    Nothing,
}

impl Talk {
    /// What words are taken for. An intent goes before a name, unless the name is somebody else's than the intent's: "a Fernanda do
    /// financeiro" is Fernanda. A name that is said without wishing to speak to anybody ("obrigado, Ana") is no more than a question.
    pub(super) fn meant(&mut self, text: &str) -> Meant {
        let offered = std::mem::take(&mut self.offered);
        if let Some(name) = self.chosen(&offered, text) {
            return Meant::Person(name);
        }
        let office = self.office.clone();
        let found = match office.transfers() {
            true => office.directory.find(text),
            false => Found::Nobody { nearest: Vec::new() },
        };
        match (self.matched(text), found) {
            (Match::Sure(intent), Found::One(person)) if office.directory.is_asked_for(text, person) => {
                match self.matched(&person.name) {
                    Match::Nothing if !self.says_intent(&intent, person) => {
                        Meant::Person(person.name.clone())
                    }
                    _ => Meant::Intent(intent),
                }
            }
            (Match::Sure(intent), _) => Meant::Intent(intent),
            (Match::Either(first, second), _) => Meant::Either(first, second),
            (Match::Nothing, Found::One(person)) if office.directory.is_asked_for(text, person) => {
                Meant::Person(person.name.clone())
            }
            (Match::Nothing, Found::One(person)) if office.directory.may_be_asked_for(text, person) => {
                Meant::Like(person.name.clone())
            }
            (Match::Nothing, Found::Several(people))
                if people
                    .iter()
                    .any(|person| office.directory.may_be_asked_for(text, person)) =>
            {
                Meant::OneOf(names(people))
            }
            (Match::Nothing, Found::One(_) | Found::Several(_)) => Meant::Nothing,
            (Match::Nothing, Found::Nobody { nearest }) if office.directory.is_wish(text) => {
                match nearest.as_slice() {
                    [] => Meant::Nothing,
                    [one] => Meant::Like(one.name.clone()),
                    several => Meant::OneOf(names(several.iter().copied())),
                }
            }
            (Match::Nothing, Found::Nobody { .. }) => Meant::Nothing,
        }
    }

    /// One of the aliases is the intent's own word: "o boleto" is a bill before it is a department.
    fn says_intent(&self, intent: &str, person: &Destination) -> bool {
        person
            .aliases
            .iter()
            .any(|alias| self.matched(alias) == Match::Sure(intent.into()))
    }

    /// The one whom the caller chooses among those that were offered, where any part of a name will do.
    fn chosen(&self, offered: &[String], text: &str) -> Option<String> {
        let offered = self.office.directory.among(offered);
        match offered.find(text) {
            Found::One(person) => Some(person.name.clone()),
            Found::Nobody { nearest } => match nearest.as_slice() {
                [one] => Some(one.name.clone()),
                _ => None,
            },
            Found::Several(_) => None,
        }
    }

    /// "O primeiro", of those that were offered, as they were told.
    pub(super) fn chosen_by_place(&self, text: &str) -> Option<String> {
        let place = speech::ordinal(self.script.file.language, text)?;
        self.offered.get(place).cloned()
    }

    pub(super) fn matched(&self, text: &str) -> Match {
        self.script
            .matcher
            .best(text, |intent| self.choice(|c| c.intent.value == intent).is_some())
    }

    /// Does what was meant, if anything was.
    pub(super) fn follow(&mut self, meant: Meant) -> bool {
        match meant {
            Meant::Intent(intent) => self.start_intent(&intent),
            Meant::Either(first, second) => self.ask_either(&first, &second),
            Meant::Person(name) => self.start(vec![to(&name)]),
            Meant::OneOf(names) => self.ask_which(names),
            Meant::Like(name) => self.ask_whether(&name),
            Meant::Nothing => return false,
        }
        true
    }

    fn ask_which(&mut self, people: Vec<String>) {
        let or = match self.script.file.language {
            Language::PtBr => " ou ",
            Language::En => " or ",
        };
        let names = match people.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{}{or}{last}", rest.join(", ")),
            _ => people.join(""),
        };
        self.say_filled(|w| &w.which, &[("names", &names)]);
        self.offered = people;
    }

    fn ask_whether(&mut self, name: &str) {
        let asked = self.filled(|w| &w.did_you_mean, &[("destination", name)]);
        self.program.clear();
        self.ask_consent(Confirm {
            ask: Texts::One(asked),
            yes: vec![to(name)],
            no: self.on(),
        });
    }

    /// Announces a transfer and asks for it, unless nobody is there.
    pub(super) fn transfer(&mut self, transfer: Transfer) {
        let office = self.office.clone();
        let now = self.clock.now();
        let opening = office
            .directory
            .named(&transfer.to.value)
            .map(|destination| office.directory.opening(destination, now));
        match opening {
            Some(Opening::Closed { opens }) => self.nobody_there(transfer, opens),
            Some(Opening::Open) | None => self.hand_over(transfer),
        }
    }

    /// Tells when somebody will be there, and goes on as if the transfer had failed; a message is offered first.
    fn nobody_there(&mut self, transfer: Transfer, opens: Option<Zoned>) {
        let name = transfer.to.value;
        match opens {
            Some(opens) => {
                let opens = spoken_opening(self.script.file.language, self.clock.now(), &opens);
                self.say_filled(|w| &w.closed, &[("destination", &name), ("opens", &opens)]);
            }
            None => self.say_filled(|w| &w.closed_for_long, &[("destination", &name)]),
        }
        let instead = match transfer.otherwise.is_empty() {
            true => self.script.file.otherwise.clone(),
            false => transfer.otherwise,
        };
        if !self.takes_message(&instead, &mut BTreeSet::new()) {
            return self.instead(instead);
        }
        self.program.clear();
        let asked = self.filled(|w| &w.offer_message, &[]);
        self.ask_consent(Confirm {
            ask: Texts::One(asked),
            yes: instead,
            no: self.on(),
        });
    }

    /// Whether steps lead to a message that is taken, before anything else is asked.
    fn takes_message(&self, steps: &[Step], seen: &mut BTreeSet<String>) -> bool {
        steps.iter().any(|step| match step {
            Step::Message(_) => true,
            Step::Flow(flow) if seen.insert(flow.value.clone()) => {
                let steps = self.script.file.flows.get(&flow.value);
                steps.is_some_and(|steps| self.takes_message(steps, seen))
            }
            _ => false,
        })
    }

    /// Back to the question of the present state.
    fn on(&self) -> Vec<Step> {
        vec![Step::Go(unwritten(&self.state))]
    }
}

fn to(name: &str) -> Step {
    Step::Transfer(Transfer {
        to: unwritten(name),
        say: None,
        announce: None,
        otherwise: Vec::new(),
    })
}

fn names<'a>(people: impl IntoIterator<Item = &'a Destination>) -> Vec<String> {
    people.into_iter().map(|person| person.name.clone()).collect()
}
