//! A script's file: what is refused, and how it is said.

use secretary::Snapshot;
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
        let business = script.business_info(Some("nothing")).unwrap_err();
        assert!(business.len() >= 4, "{business:?}");
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
            "{info: x}",
            "line 9: there is no fact \"x\"",
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
        (
            "{transfer: {to: sales}}",
            "{hours: {open: [menu]}}",
            "there are none; add hours:",
        ),
    ] {
        let message = refusal(&SMALL.replace(from, to));
        assert!(message.contains(problem), "{message:?} has not {problem:?}");
    }
}

#[test]
fn hours_are_checked() {
    let with = |zone: &str, span: &str, day: &str| {
        format!(
            "{SMALL}hours:\n  timezone: {zone}\n  week:\n    weekdays: [\"{span}\"]\n  holidays: [\"{day}\"]\n"
        )
    };
    assert!(
        refusal(&with("America/Sao_Paolo", "08:00-18:00", "12-25"))
            .contains("line 11: \"America/Sao_Paolo\" is no time zone")
    );
    assert!(
        refusal(&with("UTC", "18:00-08:00", "12-25"))
            .contains("line 13: \"18:00-08:00\" is no span of hours")
    );
    assert!(refusal(&with("UTC", "08:00-18:00", "25/12")).contains("line 14: \"25/12\" is no date"));
}

#[test]
fn hours_follow_the_week_the_holidays_and_the_zone() {
    let script = Script::open("provedor").unwrap();
    let open = |time: &str| script.open_at(time.parse().unwrap()).unwrap();
    assert!(!open("2026-03-10T10:59:59Z"), "07:59:59 in São Paulo");
    assert!(open("2026-03-10T11:00:00Z"));
    assert!(open("2026-03-10T20:59:59Z"));
    assert!(!open("2026-03-10T21:00:00Z"), "18:00 in São Paulo");
    assert!(open("2026-03-14T14:00:00Z"), "a Saturday morning");
    assert!(!open("2026-03-14T16:00:00Z"), "a Saturday afternoon");
    assert!(!open("2026-12-25T14:00:00Z"), "a holiday on a Friday");
    let summer = Script::open("isp").unwrap();
    assert!(
        summer.open_at("2026-07-14T12:00:00Z".parse().unwrap()).unwrap(),
        "08:00 in New York's summer"
    );
    assert!(
        !summer.open_at("2026-01-13T12:00:00Z".parse().unwrap()).unwrap(),
        "07:00 in its winter"
    );
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
