//! Whether what a script refers to is there, before a caller finds out.

use super::format::{Choice, File, Kind, Name, Phrases, Slot, Step, Texts};
use call::Digit;
use secretary::suggestion;
use std::collections::BTreeSet;

/// Intents that every script has.
pub(super) const YES: &str = "yes";
pub(super) const NO: &str = "no";

/// Something wrong at a place.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: u64,
    pub(super) problem: String,
    pub(super) remedy: String,
}

impl Fault {
    pub(super) fn new(at: &Name, problem: String, remedy: impl Into<String>) -> Self {
        Self {
            line: at.referenced.line(),
            problem,
            remedy: remedy.into(),
        }
    }

    pub(super) fn of_file(problem: String, remedy: impl Into<String>) -> Self {
        Self {
            line: 0,
            problem,
            remedy: remedy.into(),
        }
    }
}

/// Checks all references, keys, placeholders and loops.
pub(super) fn check(file: &File) -> Result<(), Fault> {
    known("state", &file.start, file.states.keys())?;
    for state in file.states.values() {
        choices(file, &state.choices)?;
        texts(file, &state.ask)?;
        state.retry.iter().try_for_each(|t| texts(file, t))?;
    }
    choices(file, &file.everywhere)?;
    for steps in file.flows.values().chain([&file.fallback, &file.otherwise]) {
        check_steps(file, steps)?;
    }
    for (name, intent) in &file.intents {
        if intent.examples.is_empty() {
            return Err(Fault::of_file(
                format!("the intent {name:?} has no example"),
                "give it at least one thing that a caller says",
            ));
        }
    }
    file.slots
        .iter()
        .try_for_each(|(name, slot)| check_slot(name, slot))?;
    check_phrases(&file.phrases)?;
    if !(0.1..=1.0).contains(&file.matching.threshold) || !(0.0..=0.5).contains(&file.matching.margin) {
        return Err(Fault::of_file(
            format!(
                "matching has threshold {} and margin {}",
                file.matching.threshold, file.matching.margin
            ),
            "a threshold lies between 0.1 and 1, a margin between 0 and 0.5",
        ));
    }
    if file.limits.no_match == 0 {
        return Err(Fault::of_file(
            "limits.no_match is 0".into(),
            "set it to 1 or more (3 is usual)",
        ));
    }
    loops(file)
}

fn known<'a>(what: &str, name: &Name, names: impl Iterator<Item = &'a String>) -> Result<(), Fault> {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.contains(&name.value.as_str()) {
        return Ok(());
    }
    Err(Fault::new(
        name,
        format!("there is no {what} {:?}", name.value),
        suggestion(&name.value, &names),
    ))
}

fn choices(file: &File, choices: &[Choice]) -> Result<(), Fault> {
    let mut keys = BTreeSet::new();
    for choice in choices {
        let reserved = [YES.to_string(), NO.to_string()];
        known("intent", &choice.intent, file.intents.keys().chain(&reserved))?;
        check_steps(file, &choice.steps)?;
        let Some(key) = &choice.key else { continue };
        if digit(&key.value).is_none() {
            let problem = format!("{:?} is not a key of a phone", key.value);
            return Err(Fault::new(key, problem, "use one of 0-9, *, # in quotes"));
        }
        if !keys.insert(key.value.as_str()) {
            let problem = format!("the key {:?} is used twice", key.value);
            return Err(Fault::new(
                key,
                problem,
                "give each choice of a state a key of its own",
            ));
        }
    }
    Ok(())
}

/// The key that a text of one character names.
pub(super) fn digit(text: &str) -> Option<Digit> {
    let mut keys = text.chars();
    let key = keys.next()?;
    keys.next().is_none().then(|| Digit::new(key)).flatten()
}

fn check_steps(file: &File, steps: &[Step]) -> Result<(), Fault> {
    steps.iter().try_for_each(|step| check_step(file, step))
}

fn check_step(file: &File, step: &Step) -> Result<(), Fault> {
    match step {
        Step::Say(said) | Step::Hold(said) | Step::End(said) => texts(file, said),
        Step::Ask(slot) => known("slot", slot, file.slots.keys()),
        Step::Go(state) => known("state", state, file.states.keys()),
        Step::Flow(flow) => known("flow", flow, file.flows.keys()),
        Step::Confirm(confirm) => {
            texts(file, &confirm.ask)?;
            check_steps(file, &confirm.yes)?;
            check_steps(file, &confirm.no)
        }
        Step::Hours(branches) => {
            check_steps(file, &branches.open)?;
            check_steps(file, &branches.closed)
        }
        Step::Transfer(transfer) => {
            let said = transfer.say.iter().chain(&transfer.announce);
            said.into_iter().try_for_each(|t| texts(file, t))?;
            check_steps(file, &transfer.otherwise)
        }
        Step::Voicemail(voicemail) => {
            voicemail.say.iter().try_for_each(|t| texts(file, t))?;
            check_steps(file, &voicemail.otherwise)
        }
        Step::Check(availability) => {
            check_steps(file, &availability.free)?;
            check_steps(file, &availability.otherwise)
        }
        Step::Keys(keys) => check_keys(keys),
        Step::Message(message) => {
            message
                .slots
                .iter()
                .try_for_each(|slot| known("slot", slot, file.slots.keys()))?;
            message.done.iter().try_for_each(|t| texts(file, t))?;
            check_steps(file, &message.otherwise)
        }
        // What is of the secretary's is looked for there.
        Step::Info(_) | Step::Resume | Step::Record(_) | Step::Repeat | Step::Menu => Ok(()),
    }
}

fn check_keys(keys: &Name) -> Result<(), Fault> {
    let are_keys = keys.value.chars().all(|key| Digit::new(key).is_some());
    if are_keys && (1..=32).contains(&keys.value.len()) {
        return Ok(());
    }
    Err(Fault::new(
        keys,
        format!("{:?} are no keys to press", keys.value),
        "write up to 32 of 0-9, *, #, A-D, in quotes",
    ))
}

fn texts(file: &File, texts: &Texts) -> Result<(), Fault> {
    let slots: Vec<&str> = file.slots.keys().map(String::as_str).collect();
    texts.all().iter().try_for_each(|text| placeholders(text, &slots))
}

/// Every `{name}` of a text must be one of `known`.
fn placeholders(text: &str, known: &[&str]) -> Result<(), Fault> {
    for part in text.split('{').skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        if !known.contains(&name) {
            let remedy = if known.is_empty() {
                "remove it".into()
            } else {
                suggestion(name, known)
            };
            return Err(Fault::of_file(
                format!("{{{name}}} in {text:?} stands for nothing"),
                remedy,
            ));
        }
    }
    Ok(())
}

fn check_slot(name: &str, slot: &Slot) -> Result<(), Fault> {
    for texts in [Some(&slot.ask), slot.retry.as_ref(), slot.keys.as_ref()]
        .into_iter()
        .flatten()
    {
        texts.all().iter().try_for_each(|t| placeholders(t, &[]))?;
    }
    for text in slot.confirm.iter().flat_map(Texts::all) {
        placeholders(text, &["value"])?;
    }
    let counted = slot.min_digits.is_some() || slot.max_digits.is_some();
    if counted && !slot.kind.typed() {
        return Err(Fault::of_file(
            format!("the slot {name:?} counts digits, but is no number"),
            "set kind: number or phone, or remove min_digits and max_digits",
        ));
    }
    let (min, max) = (
        slot.min_digits.unwrap_or(1),
        slot.max_digits.unwrap_or(usize::MAX),
    );
    if min > max || max == 0 {
        return Err(Fault::of_file(
            format!("the slot {name:?} takes from {min} to {max} digits"),
            "let min_digits be at most max_digits",
        ));
    }
    if slot.required && !slot.kind.typed() && matches!(slot.kind, Kind::Name | Kind::Text) {
        return Err(Fault::of_file(
            format!("the slot {name:?} is required, but cannot be typed on a phone"),
            "leave required out: a caller whose voice is not understood would never get on",
        ));
    }
    Ok(())
}

fn check_phrases(phrases: &Phrases) -> Result<(), Fault> {
    let list: [(&Option<Texts>, &[&str]); 19] = [
        (&phrases.greeted, &["greeting"]),
        (&phrases.no_match, &[]),
        (&phrases.unheard, &[]),
        (&phrases.menu, &["label", "key"]),
        (&phrases.yes_no_keys, &[]),
        (&phrases.either, &["first", "second"]),
        (&phrases.wrong_key, &[]),
        (&phrases.type_number, &[]),
        (&phrases.retry, &[]),
        (&phrases.transferring, &[]),
        (&phrases.transfer_failed, &[]),
        (&phrases.closed, &["destination", "opens"]),
        (&phrases.closed_for_long, &["destination"]),
        (&phrases.offer_message, &[]),
        (&phrases.which, &["names"]),
        (&phrases.did_you_mean, &["destination"]),
        (&phrases.message_done, &[]),
        (&phrases.message_failed, &[]),
        (&phrases.wait, &[]),
    ];
    for (texts, known) in list {
        for text in texts.iter().flat_map(Texts::all) {
            placeholders(text, known)?;
        }
    }
    Ok(())
}

/// A flow that comes to itself again without waiting for the caller would never end.
fn loops(file: &File) -> Result<(), Fault> {
    file.flows
        .keys()
        .try_for_each(|flow| walk(file, flow, &mut Vec::new()))
}

fn walk<'a>(file: &'a File, flow: &'a str, path: &mut Vec<&'a str>) -> Result<(), Fault> {
    if path.contains(&flow) {
        path.push(flow);
        return Err(Fault::of_file(
            format!("the flows {} run in a circle", path.join(" → ")),
            "let one of them go to a state",
        ));
    }
    path.push(flow);
    for next in file.flows.get(flow).into_iter().flatten().flat_map(flows_of) {
        walk(file, next, path)?;
    }
    path.pop();
    Ok(())
}

/// The flows that a step leads to without an answer of the caller in between.
fn flows_of(step: &Step) -> Vec<&str> {
    match step {
        Step::Flow(name) => vec![&name.value],
        Step::Hours(branches) => branches
            .open
            .iter()
            .chain(&branches.closed)
            .flat_map(flows_of)
            .collect(),
        Step::Check(availability) => availability
            .free
            .iter()
            .chain(&availability.otherwise)
            .flat_map(flows_of)
            .collect(),
        _ => Vec::new(),
    }
}
