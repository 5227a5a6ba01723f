//! Utterances and what they are taken for.

use super::utterances::{EN, EN_OUTSIDE, EN_UNSEEN, PT, PT_OUTSIDE, PT_UNSEEN};
use voice::brain::script::Script;

fn why(script: &Script, text: &str) -> String {
    let best = script.explain(text).into_iter().take(3);
    best.map(|s| format!("{} {:.2}", s.intent, s.score))
        .collect::<Vec<_>>()
        .join(", ")
}

fn check(sample: &str, table: &[(&str, &str)], outside: &[&str]) {
    let script = Script::open(sample).unwrap();
    let mut wrong: Vec<String> = Vec::new();
    for (text, intent) in table {
        let got = script.intent(text);
        if got.as_deref() != Some(intent) {
            wrong.push(format!(
                "{text:?} is {intent}, but was {got:?} ({})",
                why(&script, text)
            ));
        }
    }
    for text in outside {
        if let Some(intent) = script.intent(text) {
            wrong.push(format!(
                "{text:?} is nothing of ours, but was {intent} ({})",
                why(&script, text)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        table.len() + outside.len(),
        wrong.join("\n")
    );
}

/// Of what was never used to improve a sample, four in five must be understood, and none as something else.
fn check_unseen(sample: &str, table: &[(&str, &str)]) {
    let script = Script::open(sample).unwrap();
    let mut right = 0;
    for (text, intent) in table {
        match script.intent(text) {
            Some(got) => {
                assert_eq!(got, *intent, "{text:?} ({})", why(&script, text));
                right += 1;
            }
            None => println!("not understood: {text:?} ({})", why(&script, text)),
        }
    }
    assert!(right * 5 >= table.len() * 4, "{right} of {}", table.len());
}

#[test]
fn portuguese_callers_are_understood() {
    check("provedor", PT, PT_OUTSIDE);
}

#[test]
fn english_callers_are_understood() {
    check("isp", EN, EN_OUTSIDE);
}

#[test]
fn unseen_words_are_mostly_understood_and_never_mistaken() {
    check_unseen("provedor", PT_UNSEEN);
    check_unseen("isp", EN_UNSEEN);
}

#[test]
fn what_is_not_wanted_does_not_count() {
    let script = Script::open("provedor").unwrap();
    let intent = script.intent("não quero cancelar, quero falar do meu boleto");
    assert_eq!(intent.as_deref(), Some("financeiro"));
}
