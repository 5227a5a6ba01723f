//! A script's file: what is refused, and how it is said.

use secretary::{Language, Secretary, Snapshot, Tool};
use std::collections::BTreeMap;
use voice::brain::script::{Script, ScriptBrain, ScriptError};

const SMALL: &str = "\
language: en
start: hello
intents:
  sales: {examples: [I want to buy]}
states:
  hello:
    ask: How can I help?
    choices:
      - {intent: sales, key: \"1\", do: [{transfer: {to: sales}}]}
";

fn refusal(text: &str) -> String {
    Script::parse("talk.yaml", text).unwrap_err().to_string()
}

#[test]
fn the_samples_and_their_secretaries_fit() {
    let snapshot = Snapshot::embedded().unwrap();
    let brain = ScriptBrain::default();
    for secretary in snapshot
        .domain(secretary::SAMPLE_DOMAIN)
        .unwrap()
        .secretaries
        .values()
    {
        let script = brain.prepare(secretary).unwrap();
        assert_eq!(script.language(), secretary.language, "{}", secretary.name);
        assert!(
            secretary.facts.len() >= 4 && secretary.hours.is_some(),
            "{secretary:?}"
        );
    }
}

#[test]
fn a_small_script_is_enough() {
    let script = Script::parse("talk.yaml", SMALL).unwrap();
    assert_eq!(script.intent("I'd like to buy").as_deref(), Some("sales"));
}

#[test]
fn a_script_is_read_from_a_path_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.yaml");
    std::fs::write(&path, SMALL).unwrap();
    assert!(Script::open(path.to_str().unwrap()).is_ok());
    let missing = Script::open("nobody").unwrap_err();
    assert!(matches!(missing, ScriptError::Missing { .. }));
    assert!(missing.to_string().contains("provedor, isp"), "{missing}");
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest() {
    let message = refusal(&SMALL.replace("    choices:", "    choises:"));
    assert!(message.starts_with("talk.yaml, line 8: "), "{message}");
    assert!(message.ends_with("did you mean \"choices\"?"), "{message}");
}

#[test]
fn an_unknown_step_is_refused_with_the_nearest() {
    let message = refusal(&SMALL.replace("{transfer:", "{tranfer:"));
    assert!(
        message.contains("line 9") && message.ends_with("did you mean \"transfer\"?"),
        "{message}"
    );
}

#[test]
fn what_is_referred_to_must_be_there() {
    for (from, to, problem) in [
        (
            "start: hello",
            "start: helo",
            "line 2: there is no state \"helo\"; did you mean \"hello\"?",
        ),
        (
            "intent: sales",
            "intent: sale",
            "line 9: there is no intent \"sale\"; did you mean \"sales\"?",
        ),
        (
            "{transfer: {to: sales}}",
            "{go: hallo}",
            "line 9: there is no state \"hallo\"; did you mean \"hello\"?",
        ),
        (
            "{transfer: {to: sales}}",
            "{flow: x}",
            "line 9: there is no flow \"x\"",
        ),
        (
            "{transfer: {to: sales}}",
            "{ask: x}",
            "line 9: there is no slot \"x\"",
        ),
        (
            "key: \"1\"",
            "key: \"11\"",
            "line 9: \"11\" is not a key of a phone",
        ),
        (
            "How can I help?",
            "\"Hi {nam}\"",
            "{nam} in \"Hi {nam}\" stands for nothing",
        ),
    ] {
        let message = refusal(&SMALL.replace(from, to));
        assert!(message.contains(problem), "{message:?} has not {problem:?}");
    }
}

#[test]
fn what_a_script_takes_from_its_secretary_must_be_there() {
    let snapshot = Snapshot::embedded().unwrap();
    let isp = &snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap().secretaries["isp"];
    for (step, problem) in [
        (
            "{transfer: {to: salse}}",
            "line 9: the secretary \"isp\" has no destination \"salse\"; did you mean \"sales\"?",
        ),
        (
            "{info: adress}",
            "line 9: the secretary \"isp\" has no fact \"adress\"; did you mean \"address\"?",
        ),
        (
            "{confirm: {ask: Well?, yes: [], no: [{hours: {closed: [{transfer: {to: legal}}]}}]}}",
            "line 9: the secretary \"isp\" has no destination \"legal\"; use one of agent, billing, support",
        ),
    ] {
        let script = Script::parse("talk.yaml", &SMALL.replace("{transfer: {to: sales}}", step)).unwrap();
        let message = script.fits(isp).unwrap_err().to_string();
        assert!(message.contains(problem), "{message:?} has not {problem:?}");
    }
    let script = Script::parse("talk.yaml", SMALL).unwrap();
    assert_eq!(script.fits(isp), Ok(()));
    let anywhere = Secretary {
        destinations: Vec::new(),
        facts: BTreeMap::new(),
        ..Secretary::clone(isp)
    };
    assert_eq!(script.fits(&anywhere), Ok(()), "names are left to the PBX");
    let script = SMALL.replace("{transfer: {to: sales}}", "{info: address}");
    let script = Script::parse("talk.yaml", &script).unwrap();
    let message = script.fits(&anywhere).unwrap_err().to_string();
    assert!(message.contains("write it into [facts]"), "{message}");
}

#[test]
fn a_secretary_must_speak_as_its_script_keep_private_what_it_asks_for_and_allow_what_it_does() {
    let snapshot = Snapshot::embedded().unwrap();
    let isp = &snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap().secretaries["isp"];
    let script = |step: &str| {
        let text = SMALL.replace("{transfer: {to: sales}}", step)
            + "slots: {ssn: {kind: number, ask: Well?}, subject: {kind: text, ask: And?}}\n";
        Script::parse("talk.yaml", &text).unwrap()
    };
    let with = |change: &dyn Fn(&mut Secretary)| {
        let mut secretary = Secretary::clone(isp);
        change(&mut secretary);
        secretary
    };
    let sensitive = |name: &str| with(&|s| s.privacy.sensitive = vec![name.into()]);
    let without = |tool: Tool| with(&|s| s.tools.retain(|t| *t != tool));
    let (transfer, message, end) = (
        "{transfer: {to: sales}}",
        "{confirm: {ask: Well?, yes: [{message: {slots: [subject]}}], no: []}}",
        "{end: Bye}",
    );
    for (step, secretary, problem) in [
        (
            end,
            with(&|s| s.language = Language::PtBr),
            "the script is in en, and the secretary \"isp\" speaks pt-BR; set language: pt-BR in the script",
        ),
        (
            end,
            sensitive("snn"),
            "the secretary \"isp\" has the sensitive value \"snn\", which is no slot of the script; did you mean \"ssn\"?",
        ),
        (
            transfer,
            without(Tool::TransferCall),
            "line 9: the step `transfer` needs the tool \"transfer_call\", which the secretary \"isp\" has not; leave the step out",
        ),
        (
            message,
            without(Tool::TakeMessage),
            "line 9: the step `message` needs the tool \"take_message\"",
        ),
        (
            end,
            without(Tool::EndCall),
            "the step `end` needs the tool \"end_call\"",
        ),
    ] {
        let told = script(step).fits(&secretary).unwrap_err().to_string();
        assert!(told.contains(problem), "{told:?} has not {problem:?}");
    }
    for name in ["ssn", "SSN", "Subject", "number", "for"] {
        assert_eq!(script(end).fits(&sensitive(name)), Ok(()), "{name}");
    }
    assert_eq!(script(end).fits(&without(Tool::TransferCall)), Ok(()));
}

#[test]
fn what_a_script_had_once_is_the_secretarys_now() {
    for (key, value) in [("facts", "{a: b}"), ("hours", "{timezone: UTC}")] {
        let message = refusal(&format!("{SMALL}{key}: {value}\n"));
        assert!(
            message.contains("line 10") && message.ends_with(&format!("under [{key}]")),
            "{message}"
        );
    }
}

#[test]
fn flows_that_would_never_end_are_refused() {
    let text = format!("{SMALL}flows:\n  a: [{{flow: b}}]\n  b: [{{say: again}}, {{flow: a}}]\n");
    assert!(
        refusal(&text).contains("the flows a → b → a run in a circle"),
        "{}",
        refusal(&text)
    );
}

#[test]
fn what_cannot_be_typed_cannot_be_required() {
    let text = format!("{SMALL}slots:\n  name: {{kind: name, ask: Name?, required: true}}\n");
    assert!(
        refusal(&text).contains("the slot \"name\" is required, but cannot be typed"),
        "{}",
        refusal(&text)
    );
}
